"""What we do: one folder per chain, all of the same shape; begin with its `jobs.py`."""
