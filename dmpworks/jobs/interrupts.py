"""Ends an interrupted job in time, whatever it waits for.

Python raises KeyboardInterrupt in the main thread, between two instructions of its own: a library that waits for a
server (an object store retries for minutes) puts that off, and so does a thread that somebody joins.
"""

import os
import signal
import sys
import threading
import time
from typing import NoReturn

from dmpworks.exit_codes import ExitCode

TIDYING = 5.0  # seconds that an interrupted job has to tidy up


def end_in_time() -> None:
    """From now on, end this process within some seconds of a signal that is handled, if it does not end by itself.

    It then ends as if killed: what it leaves in scratch, the next execution of the job removes.
    """
    heard, noted = os.pipe()
    os.set_blocking(noted, False)
    signal.set_wakeup_fd(noted)
    threading.Thread(target=_end, args=(heard,), daemon=True).start()


def _end(heard: int) -> None:
    os.read(heard, 1)
    time.sleep(TIDYING)
    end()


def end() -> NoReturn:
    """End this process now: no thread that hangs in a call is waited for."""
    print("interrupted", file=sys.stderr, flush=True)
    os._exit(ExitCode.INTERRUPTED)
