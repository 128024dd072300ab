"""Transforms: dataset files to Parquet, in parts."""
