"""Submitting a chain to AWS Batch."""
