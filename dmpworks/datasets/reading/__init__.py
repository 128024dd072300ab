"""Reading records out of archives, JSON Lines and JSON arrays."""
