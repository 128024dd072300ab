"""Runs on AWS Batch after they were submitted: watch, logs, cancel, reconcile."""
