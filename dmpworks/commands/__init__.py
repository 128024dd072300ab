"""What each command does: where settings, AWS Batch and the ledger of runs meet."""
