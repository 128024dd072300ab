"""The ledger of runs: what was asked for, what happened, and who may write now; objects in the run's bucket."""
