"""Data Citation Corpus: which publication cites which dataset."""
