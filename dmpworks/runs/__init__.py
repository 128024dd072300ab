"""Runs of chains: their ledger in the bucket, local execution, reports, and the completeness of their output."""
