"""How many processors this process may keep busy."""

import math
import os
from pathlib import Path


def processors(quota: Path = Path("/sys/fs/cgroup/cpu.max")) -> int:
    """Processors that this process may run on, within the quota of its container."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        share, period = map(int, quota.read_text(encoding="ascii").split())
    except (OSError, ValueError):  # no such file, or "max": no quota
        return allowed
    return max(1, min(allowed, math.ceil(share / period)))
