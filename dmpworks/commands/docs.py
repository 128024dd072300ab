"""`dmpworks docs`: the files that are generated from the declarations."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from dmpworks.catalog import CHAINS


def docs(
    *, check: Annotated[bool, Parameter(negative=(), help="Write nothing; fail when a file differs.")] = False
) -> None:
    """Write `.env.aws-batch.example` and `docs/reference/` from the declarations."""
    from dmpworks.jobs.reference import write_reference

    write_reference(CHAINS, Path.cwd(), check=check)
