"""The works index: one row per DOI from all sources together, built with SQLMesh and sent to the search engine."""
