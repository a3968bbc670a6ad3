"""One thread for linear algebra: the others of BLAS wait for work in a loop, on processors that kernels need.

They add up in other orders, too: with one thread a result does not depend on how many there are.
"""

from __future__ import annotations

from contextlib import ContextDecorator
from threading import Lock
from types import TracebackType

from threadpoolctl import threadpool_limits


class OneBlasThread(ContextDecorator):
    """Lets BLAS have one thread; what it had before comes back when the last of those who asked for it is through.

    Examples
    --------
    >>> import numpy as np
    >>> with OneBlasThread():
    ...     float(np.ones(3) @ np.ones(3))
    3.0
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside = 0
        self._limits: threadpool_limits | None = None

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._limits = threadpool_limits(1, "blas")
            self._inside += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0 and self._limits is not None:
                self._limits.restore_original_limits()


one_blas_thread = OneBlasThread()
