"""ROR: the registry of research organisations."""
