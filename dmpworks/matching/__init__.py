"""The domain: the query for a plan, the evidence for a work, the order in which people see works; no engine, no I/O."""
