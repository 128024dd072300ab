"""Where datasets come from, behind one interface (`source.py`): a folder, HTTP(S), an S3 bucket."""
