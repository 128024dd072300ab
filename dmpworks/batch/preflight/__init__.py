"""Checks before a submission."""
