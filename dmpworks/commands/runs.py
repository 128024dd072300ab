"""The commands below `dmpworks runs`, each from the module that does it."""

from cyclopts import App


def runs_app() -> App:
    """Return `dmpworks runs` with its commands."""
    return App(name="runs", help="Look at runs, follow, resume and cancel them.")
