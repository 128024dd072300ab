"""The domain: what to ask for a plan, what speaks for a work, in which order people see it; no engine, no I/O."""
