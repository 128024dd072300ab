"""Reports on finished and running runs."""
