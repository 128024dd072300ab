"""`python -m dmpworks`: the same as the `dmpworks` command."""

from dmpworks.cli import main

main()
