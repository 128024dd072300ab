"""What a job uses: the memory of all its processes together, and the CPU seconds of those that ended."""

import os
import signal
import subprocess
import sys
import time

import pytest

from dmpworks.jobs import usage
from dmpworks.jobs.usage import memory, metered

MIB = 1024
HOLDER = "import sys; held = b'x' * (150 << 20); print('ready', flush=True); sys.stdin.read()"
# a child that has a child of its own: the way worker processes hang together
GRANDPARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {HOLDER!r}])"


@pytest.fixture
def start():
    """Start Python code in a process below this one, which ends when the test does; waits until it says ready."""
    running = []

    def begin(code: str) -> None:
        process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        running.append(process)
        assert process.stdout.readline() == b"ready\n"

    yield begin
    for process in running:
        process.communicate(timeout=30)


@pytest.mark.parametrize("code", [HOLDER, GRANDPARENT])
def test_memory_of_processes_below_counts(start, code):
    before = memory()
    start(code)
    assert 150 * MIB < memory() - before < 250 * MIB


def test_memory_of_other_processes_does_not_count():
    before = memory()
    with subprocess.Popen(["sh", "-c", "sleep 60 & echo $!"], stdout=subprocess.PIPE, text=True) as shell:
        stranger = shell.stdout.readline().strip()  # its parent is gone: it is nobody's child here
    try:
        assert abs(memory() - before) < 5 * MIB
    finally:
        os.kill(int(stranger), signal.SIGTERM)


def test_a_peak_between_start_and_end_is_seen(start, monkeypatch):
    monkeypatch.setattr(usage, "EVERY", 0.05)
    with metered() as used:
        base = used().peak_memory
        held = b"x" * (200 << 20)
        time.sleep(0.3)
        del held
        assert 190 < used().peak_memory - base < 260


def test_cpu_seconds_of_children_count():
    with metered() as used:
        subprocess.run([sys.executable, "-c", "import time\nwhile time.process_time() < 0.3: pass"], check=True)
        time.sleep(0.3)  # waiting costs none
        assert 0.3 <= used().cpu_seconds < 3


def test_where_there_is_no_proc_the_kernel_is_asked(monkeypatch, tmp_path):
    monkeypatch.setattr(usage, "PROC", tmp_path / "nothing")
    assert 10 * MIB < memory() < 8 * 1024 * MIB
