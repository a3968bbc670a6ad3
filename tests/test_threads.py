"""Threads where they are awkward: more than processors, several solves at once, and processes forked after use."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from backends import load
from randomness import rng

from pyvarcolor import Hints, colorize, methods
from pyvarcolor import kernels as waist
from pyvarcolor.kernels.processors import processors
from pyvarcolor.photograph import Photograph

LIGHTNESS = (
    np.random.default_rng(40823).uniform(0, 100, (170, 150)).astype(np.float32)
)  # large enough for three threads in C++
HINTS = Hints.from_points([(20, 30, (40, 30)), (90, 110, (-20, 10)), (150, 60, (5, -35))], LIGHTNESS.shape)


def solve(method: str, backend: str, threads: int) -> np.ndarray:
    """Chroma after some iterations."""
    solver = methods.make(method, max_iter=30, tol=0)
    chroma, report = solver.solve(Photograph(LIGHTNESS, load(backend, threads)), HINTS)
    assert report.threads == threads
    return chroma


def run_python(script: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """An interpreter of its own; its script must set an alarm, so that what hangs ends."""
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)


# --- how many ---


@pytest.mark.parametrize(
    ("quota", "expected"), [("max 100000", 8), ("200000 100000", 2), ("150000 100000", 2), ("1000 100000", 1)]
)
def test_processors_are_those_of_the_container(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quota: str, expected: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)), raising=False)
    file = tmp_path / "cpu.max"
    assert processors(file) == 8
    file.write_text(quota + "\n")
    assert processors(file) == expected


def test_no_more_threads_than_processors(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert waist.load(backend, 64).threads == waist.load(backend).threads <= processors()
    assert waist.load(backend, 1).threads == 1
    monkeypatch.setattr(waist, "processors", lambda: 1)
    gray = np.full((20, 30), 128, np.uint8)
    hints = Hints.from_points([(10, 15, (40, 30))], gray.shape)
    assert colorize(gray, hints, backend=backend, threads=64).report.threads == 1


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity on this platform")
def test_the_environment_may_ask_for_more_than_processors(backend: str) -> None:
    script = """
import os, signal, sys
signal.alarm(120)
from pyvarcolor import kernels
kernel = kernels.load(sys.argv[1], 1)
assert kernel.available_threads() == 64
print(kernels.load(sys.argv[1]).threads)
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
print(kernels.load(sys.argv[1], 64).threads)
"""
    done = run_python(script, backend, OMP_NUM_THREADS="64", NUMBA_NUM_THREADS="64")
    assert done.stdout.split() == [str(processors()), "1"], done.stderr


def test_many_threads_do_not_collapse() -> None:
    """Barriers that spin take some milliseconds each here, a hundred times what is between them."""
    shape = (200, 2, 200)
    u, scratch, hints = (rng().normal(size=shape).astype(np.float32) for _ in range(3))
    weight = np.zeros((200, 200), np.float32)

    def seconds(threads: int) -> float:
        kernels = load("cpp", threads)
        started = time.perf_counter()
        kernels.heat_iterate(u, scratch, hints, weight, 0.2, 300)
        return time.perf_counter() - started

    one, many = (min(seconds(threads) for _ in range(3)) for threads in (1, 4 * processors()))
    assert many < 20 * one + 0.5


# --- at once ---


@pytest.mark.parametrize("method", ["graph", "tgv"])
def test_solves_at_once_give_the_bits_of_one_alone(method: str, backend: str) -> None:
    alone = solve(method, backend, 1)
    for limits in [(2, 2), (1, 2, 3, 5)]:
        with ThreadPoolExecutor(len(limits)) as pool:
            for chroma in pool.map(lambda threads: solve(method, backend, threads), 2 * limits):
                np.testing.assert_array_equal(chroma, alone)


# --- fork after use ---

FORK = """
import multiprocessing, os, signal, sys, warnings
import numpy as np
from pyvarcolor import kernels

warnings.simplefilter("ignore", DeprecationWarning)  # since Python 3.12: forking with threads is unsafe
kernel = kernels.Kernels(sys.argv[1], 2)
u = np.random.default_rng(5179).normal(size=(200, 2, 200))

def work(_):
    signal.alarm(60)
    return kernel.mean_change(u, np.zeros_like(u))

expected = work(0)
child = os.fork()
if child == 0:
    os._exit(work(0) != expected)
assert os.waitpid(child, 0)[1] == 0, "os.fork"
with multiprocessing.get_context("fork").Pool(2, signal.alarm, (60,)) as pool:
    assert pool.map(work, range(4)) == [expected] * 4, "Pool"
assert work(0) == expected
"""

can_fork = pytest.mark.skipif(sys.platform != "linux", reason="GNU OpenMP, and fork as it is on Linux")


@can_fork
@pytest.mark.parametrize(("backend", "layer"), [("cpp", ""), ("numba", "workqueue")])
def test_forked_processes_work_on(backend: str, layer: str) -> None:
    load(backend)
    settings: dict[str, Any] = {"NUMBA_THREADING_LAYER": layer} if layer else {}
    done = run_python(FORK, backend, **settings)
    assert (done.returncode, done.stderr) == (0, "")


@can_fork
def test_forked_processes_are_told_what_numba_can_not() -> None:
    """Numba would end them: `fork() called from a process already using GNU OpenMP`."""
    load("numba")
    done = run_python(FORK, "numba", NUMBA_THREADING_LAYER="omp")
    if "No threading layer could be loaded" in done.stderr:
        pytest.skip("Numba found no OpenMP")
    assert "BackendError: backend 'numba' can't run in a process that was forked after" in done.stderr
    assert "Terminating" not in done.stderr
