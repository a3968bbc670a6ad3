"""The narrow waist: every number that a method crunches goes through the functions of `contract.py`.

Two modules implement that contract: `_core` (C++ and OpenMP) and `numba_core`. `load` picks one, once and loudly.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
from functools import cache

from .contract import BACKENDS, Kernels
from .processors import processors
from .source_tree import source_folder

__all__ = ["BACKENDS", "BackendError", "Kernels", "available", "load"]


class BackendError(RuntimeError):
    """A backend was asked for that this installation does not have, or that can't run in this process."""


def available() -> list[str]:
    """Names of the backends that can be imported, the preferred one first.

    Returns
    -------
    list of str

    Examples
    --------
    >>> from pyvarcolor import kernels
    >>> "numba" in kernels.available()
    True
    """
    return [name for name in BACKENDS if _missing(name) is None]


def load(backend: str = "auto", threads: int | None = None) -> Kernels:
    """Choose a backend and the number of threads.

    Parameters
    ----------
    backend : {"auto", "cpp", "numba"}
        ``"auto"`` is C++ where it was built, else Numba.
    threads : int, optional
        Threads that each call may use, at least 1. At most, and if left out, one for each processor that this process
        may use (more would only wait for each other), or fewer if OMP_NUM_THREADS (C++) or NUMBA_NUM_THREADS says so.

    Returns
    -------
    Kernels

    Raises
    ------
    ValueError
        If there is no such backend, or `threads` is below 1.
    BackendError
        If the backend is not part of this installation.

    Examples
    --------
    >>> from pyvarcolor import kernels
    >>> backend = kernels.load("numba", threads=1)
    >>> backend.backend, backend.threads
    ('numba', 1)
    """
    if threads is not None and threads < 1:
        raise ValueError(f"threads must be at least 1, but is {threads}")
    if backend == "auto":
        missing = _missing("cpp")
        backend = "cpp" if missing is None else "numba"
        if missing is not None:
            _announce_numba(str(missing))
    if backend not in BACKENDS:
        raise ValueError(f"backend must be one of auto, {', '.join(BACKENDS)}, but is {backend!r}")
    missing = _missing(backend)
    if missing is not None:
        raise BackendError(
            f"backend {backend!r} is not part of this installation ({missing}); "
            f"{_way_out() or 'install with a C++17 compiler'}, or use backend='numba'"
        )
    module = importlib.import_module(BACKENDS[backend])
    offered = min(module.available_threads(), processors())
    threads = min(threads or offered, offered)
    return Kernels(backend, threads)


@cache
def _announce_numba(missing: str) -> None:
    """Log, once, that kernels are compiled by Numba, and how it could be otherwise."""
    folder = source_folder()
    why = f"pyvarcolor runs from its source folder {folder}" if folder else f"there is no compiled core ({missing})"
    logging.getLogger("pyvarcolor").warning(
        "%s: kernels are compiled by Numba, for about a minute at first; to use the C++ core, %s",
        why,
        _way_out() or "install pyvarcolor where there is a C++17 compiler",
    )


def _way_out() -> str | None:
    """What to do where the sources hide the installed package."""
    if source_folder() is None:
        return None
    return "start Python in another folder, where the installed package is found, or run `pip install -e .` in this one"


def _missing(backend: str) -> ImportError | None:
    """Why the backend can't be imported, or None; does not import Numba to find out."""
    try:
        if backend == "cpp":
            importlib.import_module(BACKENDS["cpp"])
        elif importlib.util.find_spec("numba") is None:
            return ImportError("numba is not installed")
    except ImportError as error:
        return error
    return None
