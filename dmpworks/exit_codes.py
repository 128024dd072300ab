"""The exit codes of every command."""

from enum import IntEnum


class ExitCode(IntEnum):
    """How a command ended; a number that is not here is that of a process which was killed (128 + signal)."""

    DONE = 0
    FAILED = 1
    USAGE = 2  # wrong settings, or a check before the start failed: nothing was begun
    STUCK = 3  # a watch: jobs wait for what will not come by itself
    CANCELLED = 4  # a watch: the run was cancelled
    TRY_AGAIN = 75  # EX_TEMPFAIL of sysexits.h: a service was throttled or out of reach
    INTERRUPTED = 130  # Ctrl-C: 128 + SIGINT, the shell's custom
    TERMINATED = 143  # 128 + SIGTERM, of a process that did not handle it
