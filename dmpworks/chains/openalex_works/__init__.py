"""OpenAlex works: start with `jobs.py`."""
