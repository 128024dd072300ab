"""Runs of a chain on this machine."""
