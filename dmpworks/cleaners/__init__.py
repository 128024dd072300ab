"""Cleaners of single values: identifiers, names of people, text. Pure functions."""
