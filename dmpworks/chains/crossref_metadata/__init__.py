"""Crossref Metadata: abstracts, funders, awards and relations of publications."""
