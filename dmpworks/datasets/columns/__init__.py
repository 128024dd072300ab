"""Columns of values, from records to Arrow arrays."""
