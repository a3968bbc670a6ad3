"""How much memory there is, asked before a run that may not fit."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path


def available_memory() -> int | None:
    """Bytes that this process may still take without swapping, within the limit of its container; None if unknown."""
    free = [_of_machine(), _of_container()]
    return min((number for number in free if number is not None), default=None)


def require_memory(needed: int, task: str, advice: str) -> None:
    """Raise MemoryError if a task needs more than there is.

    Parameters
    ----------
    needed : int
        Bytes.
    task : str
        What needs them, as the subject of the message.
    advice : str
        What to do instead.

    Raises
    ------
    MemoryError
        If less is available.
    """
    available = available_memory()
    if available is not None and needed > available:
        raise MemoryError(
            f"{task} needs about {needed / 2**30:.1f} GiB of memory, but {available / 2**30:.1f} GiB are free: {advice}"
        )


def reset_peak_memory() -> None:
    """Let `peak_memory` begin anew, where the system can (Linux)."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", "ascii")


def peak_memory() -> int:
    """Bytes that this process took at most, since `reset_peak_memory` where that works; 0 if unknown."""
    try:
        with Path("/proc/self/status").open(encoding="utf-8", errors="replace") as lines:
            return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        return _peak_of_process()


def _peak_of_process() -> int:
    """The peak since the process began."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _of_machine() -> int | None:
    try:
        with Path("/proc/meminfo").open(encoding="ascii") as lines:
            return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError):  # not Linux: all there is
        names = getattr(os, "sysconf_names", {})
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if "SC_PHYS_PAGES" in names else None


def _of_container(group: Path = Path("/sys/fs/cgroup")) -> int | None:
    try:
        limit, used = (int((group / name).read_text(encoding="ascii")) for name in ("memory.max", "memory.current"))
        counts = dict(line.split() for line in (group / "memory.stat").read_text(encoding="ascii").splitlines())
    except (OSError, ValueError):  # no such file, or "max": no limit
        return None
    return limit - used + int(counts.get("inactive_file", 0))
