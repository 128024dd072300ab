"""The commands below `dmpworks runs`: one module each."""
