"""Process of a job that ends with the process that started it, even when that one is killed.

The process that runs a chain holds its lock; a job that outlived it would write beside the next holder.
`python -m dmpworks.runs.local.supervised ARGUMENTS` runs `python -m dmpworks ARGUMENTS` until standard input ends.
"""

import os
import runpy
import signal
import threading
import time

from dmpworks.jobs.interrupts import TIDYING


def _follow() -> None:
    os.read(0, 1)  # nothing is ever written: this returns when the other end is closed
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(2 * TIDYING)  # the job ends sooner, unless it hangs
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    threading.Thread(target=_follow, daemon=True).start()
    runpy.run_module("dmpworks", run_name="__main__", alter_sys=True)
