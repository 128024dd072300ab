"""The ledger: what is recorded of a run, and the state that follows from it."""
