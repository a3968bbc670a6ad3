"""One iteration of "tgv": C++, Numba and plain NumPy side by side, from the start that the method makes.

Each kernel is held against two limits measured in the same run: the time that memory needs to read and write all
arrays once, which iterations done one after the other cannot beat, and the time of the same kernel on so few rows
that all arrays stay in the cache. Where the first is longer and the second is equal, memory no longer limits.
"""

import timeit
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy_tgv
import pytest
from backends import load
from numpy.typing import NDArray
from photographs import Photograph

from pyvarcolor import Hints
from pyvarcolor import photograph as seen
from pyvarcolor.color import lightness_from_gray
from pyvarcolor.methods.tgv import TGV

Arrays = tuple[NDArray[np.floating], ...]

ITERATIONS = 32
ROUNDS = 3
ROWS_IN_CACHE = 32
ROUNDING = 2e-4
"""of float32 after all iterations, relative to the largest value"""

ENGINES = {f"{backend}-{threads}": (backend, threads) for backend in ("cpp", "numba") for threads in (1, 2)}
CASES = {
    "tgv": {"beta": 0.0},
    "tgv+bilaplacian": {"beta": 1.0},
    "tensor-tgv": {"beta": 0.0, "tensor": True},
    "tensor-tgv+bilaplacian": {"beta": 1.0, "tensor": True},
}


@dataclass(frozen=True)
class Case:
    """What the method hands to its kernel in its first call, and where `ITERATIONS` lead in float64."""

    name: str
    state: Arrays
    fixed: dict[str, Any]
    expected: Arrays

    @property
    def bytes_per_pixel(self) -> float:
        """State, weights, hints and steps."""
        arrays = [z for z in (*self.state, *self.fixed.values()) if isinstance(z, np.ndarray)]
        return sum(z.nbytes for z in arrays) / self.fixed["hint_weight"].size

    @property
    def bytes_moved(self) -> float:
        """The same, the state counted twice: it is read and written."""
        return self.bytes_per_pixel + sum(z.nbytes for z in self.state) / self.fixed["hint_weight"].size

    def first_rows(self, rows: int) -> tuple[Arrays, dict[str, Any]]:
        """The same problem on the upper rows."""
        fixed = {name: z[:rows] if isinstance(z, np.ndarray) else z for name, z in self.fixed.items()}
        return tuple(z[:rows].copy() for z in self.state), fixed


class Recorder:
    """Kernels that take down the arguments of `tgv_iterate` instead of iterating."""

    def __init__(self) -> None:
        self.kernels = load("numba")

    def __getattr__(self, name: str) -> Any:
        return getattr(self.kernels, name)

    def tgv_iterate(self, *state: NDArray[np.floating], n: int, **fixed: Any) -> None:
        self.state, self.fixed = state, fixed


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest, photograph: Photograph, hints: Hints) -> Case:
    recorder = Recorder()
    method = TGV(**CASES[request.param], max_iter=1)
    method.solve(seen.Photograph(lightness_from_gray(photograph.gray), recorder), hints)
    exact = {name: _to_float64(value) for name, value in recorder.fixed.items()}
    expected = tuple(map(_to_float64, recorder.state))
    numpy_tgv.tgv_iterate(*expected, **exact, n=ITERATIONS)
    return Case(request.param, recorder.state, recorder.fixed, expected)


@pytest.mark.parametrize("engine", [*ENGINES, "numpy"])
def test_iteration(benchmark, report: Callable[..., None], photograph: Photograph, case: Case, engine: str) -> None:
    kernels = load(*ENGINES[engine]) if engine in ENGINES else numpy_tgv

    def copy_state() -> tuple[Arrays, dict[str, Any]]:
        return tuple(z.copy() for z in case.state), {}

    def run(*state: NDArray[np.floating]) -> Arrays:
        kernels.tgv_iterate(*state, **case.fixed, n=ITERATIONS)
        return state

    kernels.tgv_iterate(*copy_state()[0], **case.fixed, n=1)  # Numba compiles now
    benchmark.group = f"{ITERATIONS} iterations of {case.name}"
    actual = benchmark.pedantic(run, setup=copy_state, rounds=ROUNDS)

    for part, truth in zip(actual, case.expected, strict=True):
        assert np.abs(part - truth).max(initial=0) <= ROUNDING * np.abs(truth).max(initial=1)
    assert np.abs(actual[0] - case.state[0]).max() > 0.1  # it has been somewhere
    report(bytes_per_pixel=case.bytes_per_pixel)
    if benchmark.enabled:
        ms = 1e3 * benchmark.stats.stats.min / ITERATIONS
        report(ms_per_iteration_and_megapixel=ms / photograph.megapixels)
    if benchmark.enabled and engine in ENGINES:
        state, fixed = case.first_rows(ROWS_IN_CACHE)
        n = ITERATIONS * len(photograph.gray) // ROWS_IN_CACHE
        seconds = min(timeit.repeat(lambda: kernels.tgv_iterate(*state, **fixed, n=n), number=1, repeat=ROUNDS))
        report(ms_in_cache=1e9 * seconds / (n * fixed["hint_weight"].size))
        report(ms_through_memory=1e9 * case.bytes_moved / memory_bandwidth(ENGINES[engine][1]))


@cache
def memory_bandwidth(threads: int) -> float:
    """Bytes a second of z = x + y on arrays larger than the caches, a part for each thread."""
    arrays = np.ones((threads, 3, (1 << 24) // threads), np.float32)
    with ThreadPoolExecutor(threads) as pool:
        seconds = timeit.repeat(lambda: list(pool.map(lambda z: np.add(z[0], z[1], out=z[2]), arrays)), number=1)
    return arrays.nbytes / min(seconds)


def _to_float64(value: Any) -> Any:
    return value.astype(np.float64) if isinstance(value, np.ndarray) else value
