"""What the gate adds to a call of a kernel: microseconds of a call through it, less those of the backend's function.

    python benchmarks/gate_overhead.py

On 4 x 4 pixels, whose kernels take next to no time; the least of several rounds.
"""

import timeit
from functools import partial
from typing import Any

import numpy as np

from pyvarcolor import kernels

CALLS = 5000


def main() -> None:
    """Print the table."""
    k = kernels.load(threads=1)

    def image(*channels: int) -> np.ndarray:
        return np.full((4, *channels, 4), 0.5, np.float32)

    duals = image(4), image(4), image(6), image(2)
    tgv = image(2), *duals, image(1), image(), image(2), image(), image(2), image(3), 1.0, 1.0, 1.0, 1
    calls: dict[str, tuple[Any, ...]] = {
        "mean_change": (image(2), image(2)),
        "levin_apply": (image(2), image(8), image(2)),
        "tgv_iterate": tgv,
    }
    print("| kernel | arguments | through the gate, µs | without, µs | difference, µs |\n|---|---|---|---|---|")
    for name, given in calls.items():
        through, without = (
            1e6 * min(timeit.repeat(partial(getattr(of, name), *given), number=CALLS)) / CALLS for of in (k, k.module)
        )
        print(f"| `{name}` | {len(given)} | {through:.1f} | {without:.1f} | {through - without:.1f} |")


if __name__ == "__main__":
    main()
