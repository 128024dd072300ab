"""A small chain of two jobs that tests of the core run for real."""

from typing import Annotated

from dmpworks.jobs.model import LARGE, Chain, Counts, Job
from dmpworks.jobs.run import Run
from dmpworks.settings.declare import Secret, settings


@settings(prefix="LETTERS")
class Source:
    """Where letters come from."""

    source: Annotated[str, "Text to take the letters from."]
    password: Annotated[Secret | None, "A secret."] = None


@settings(prefix="LETTERS_COUNT")
class Counting:
    """How letters are counted."""

    case: Annotated[bool, "Whether case matters."] = False
    only: Annotated[tuple[str, ...], "Letters to count; none = all."] = ()
    limit: Annotated[int | None, "Most letters to keep."] = None


def fetch(run: Run, options: Source) -> Counts:
    """Write the text down."""
    path = run.scratch / "text.txt"
    path.write_text(options.source)
    run.publish(path, "text.txt", rows=len(options.source))
    return Counts(read=len(options.source), written=len(options.source))


def count(run: Run, options: Counting) -> Counts:
    """Count the letters."""
    (file,) = run.earlier("fetch").files
    text = run.earlier("fetch").local(file).read_text()
    if "!" in text:
        raise ValueError("a bug")
    return Counts(read=len(text), written=len(text), also={"limit": options.limit or 0})


CHAIN = Chain("letters", Job(fetch), Job(count, size=LARGE))
