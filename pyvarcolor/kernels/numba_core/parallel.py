"""How functions are compiled and launched: the only file that knows threads; the C++ twin is `parallel.hpp`.

Kernels run their rows in parallel and write sums into an array with one number a row, which `sum_rows` then
adds in order: the same bits for any number of threads.
"""

import logging
import os
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any, TypeVar

import numba
import numpy as np
from numba.core import event

from pyvarcolor.kernels import BackendError

from .image import Image, Index

Function = TypeVar("Function", bound=Callable[..., Any])


def kernel(function: Function) -> Function:
    """Compile a function whose `prange` loop over rows runs in parallel."""
    return _compile_once(function, parallel=True)


def sequence(function: Function) -> Function:
    """Compile a function that calls kernels one after the other."""
    return _compile_once(function)


def inline(function: Function) -> Function:
    """Compile a function into its callers; only there is it known that different arrays never overlap."""
    return _compile(function, forceinline=True)


def inline_sum(function: Function) -> Function:
    """The same for a sum along a row, which may be added in lanes."""
    return _compile(function, forceinline=True, fastmath={"reassoc"})


def _compile_once(function: Function, **options: Any) -> Function:
    """Compile on first use and keep the result on disk, if there is a folder to write to."""
    try:
        return _compile(function, nogil=True, cache=True, **options)
    except RuntimeError:
        return _compile(function, nogil=True, **options)


def _compile(function: Function, **options: Any) -> Function:
    """Compile on first use; 1 / 0 is inf, as in C++."""
    compiled: Function = numba.njit(error_model="numpy", **options)(function)
    return compiled


@inline
def band(k: Index, bands: Index, rows: Index) -> range:
    """The rows of band k, where each thread takes one band and scratch of its own."""
    return range(k * rows // bands, (k + 1) * rows // bands)


@inline
def sum_rows(partial: Image) -> float:
    """Sum of one number a row, in row order."""
    total = 0.0
    for i in range(len(partial)):
        total += partial[i]
    return total


def launch(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a kernel; where Numba's threads are not safe to share, one after the other."""
    with _turn(os.getpid()):
        return function(*arguments)


@cache
def _turn(process: int) -> AbstractContextManager[Any]:
    """A lock for the threading layer that aborts when two Python threads enter it, of each forked process its own."""
    layer, home = _started()
    if layer == "omp" and process != home and sys.platform == "linux":  # GNU's aborts; others begin anew
        raise BackendError(
            "backend 'numba' can't run in a process that was forked after its threads had started; "
            "use backend='cpp', or start processes by 'spawn' or 'forkserver'"
        )
    return threading.RLock() if layer == "workqueue" else nullcontext()


@cache
def _started() -> tuple[str, int]:
    """Start Numba's threads, which settles the layer that runs them; its name, and the process they belong to."""
    numba.get_num_threads()
    return numba.threading_layer(), os.getpid()  # type: ignore[attr-defined]


def scratch_of_threads(channels: int, like: Image) -> Image:
    """Scratch for each thread that a kernel called now may use, so many channels of one row of `like`."""
    return np.empty((numba.get_num_threads(), channels, like.shape[-1]), like.dtype)


def available_threads() -> int:
    """Threads that Numba started."""
    return int(numba.config.NUMBA_NUM_THREADS)  # type: ignore[attr-defined]


def set_threads(threads: int) -> None:
    """Threads that kernels called from this thread may use."""
    _started()
    numba.set_num_threads(max(1, min(threads, available_threads())))


class _Announcement(event.Listener):
    """Says once that kernels are being compiled, when they are not found on disk."""

    def on_start(self, event: Any) -> None:
        """One line for the first of this package's kernels."""
        if event.data["dispatcher"].py_func.__module__.startswith(__package__):
            self.on_start = lambda event: None  # type: ignore[method-assign]
            logging.getLogger("pyvarcolor").info("compiling the Numba kernels, once per machine (about a minute)")

    def on_end(self, event: Any) -> None:
        """Nothing to say."""


event.register("numba:compile", _Announcement())  # type: ignore[no-untyped-call]
