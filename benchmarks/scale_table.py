"""Time and memory of `colorize` from 0.25 to 25 megapixels, as a Markdown table.

    python benchmarks/scale_table.py --megapixels 0.25 1 4 12 25 --threads 2

The photograph is the one of all benchmarks with its strokes, cut or mirrored on at its borders: grain and strokes keep
their size. Each size is coloured in a process of its own, some rounds, of which the fastest counts, by the clock and by
the processors' time (which waiting threads add to, but other processes do not). The peak is what the process held at
most, beyond what it held when all was loaded but the photograph; the result is part of it. Declared is what
the method says it takes, by which a run that would not fit into memory is refused.
"""

import argparse
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from photographs import draw_strokes, mosaic

from pyvarcolor import Hints, Recipe, colorize, methods


@dataclass(frozen=True)
class Measured:
    """What one size took."""

    megapixels: float
    iterations: int
    seconds: float
    processor_seconds: float
    declared: float
    peak: float

    def __str__(self) -> str:
        """A row of the table."""
        per_megapixel = [1e3 * seconds / self.megapixels for seconds in (self.seconds, self.processor_seconds)]
        numbers = [f"{number:.0f}" for number in (*per_megapixel, self.declared, self.peak)]
        return f"| {' | '.join([f'{self.megapixels:.2f}', str(self.iterations), *numbers])} |"


def measure(folder: Path, method: str, threads: int, rounds: int) -> Measured:
    """Colour what lies in the folder; in a process that has done nothing else."""
    options = {"method": method, "threads": threads}
    colorize(np.full((64, 64), 99, np.uint8), Hints.from_points([(9, 9, (9, 9))], (64, 64)), **options)
    before = peak()
    gray = np.load(folder / "gray.npy")
    hints = Hints(np.load(folder / "mask.npy"), np.load(folder / "chroma.npy", mmap_mode="r"))
    wall, processor = [], []
    for _ in range(rounds):
        started, before_it = time.perf_counter(), time.process_time()
        report = colorize(gray, hints, **options).report
        wall.append(time.perf_counter() - started)
        processor.append(time.process_time() - before_it)
    held = (peak() - before) / gray.size
    declared = np.float32().itemsize * Recipe.of(method).peak_floats_per_pixel
    return Measured(gray.size / 1e6, report.iterations, min(wall), min(processor), declared, held)


def peak() -> int:
    """Bytes that this process has held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def write(folder: Path, megapixels: float) -> None:
    """Gray and hints of this size, for another process to read."""
    photograph = mosaic()
    hints = draw_strokes(photograph)
    scale = (megapixels / photograph.megapixels) ** 0.5
    rows, cols = (round(scale * side) for side in photograph.gray.shape)
    parts = {"gray": np.rint(255 * photograph.gray).astype(np.uint8), "mask": hints.mask, "chroma": hints.chroma}
    for name, part in parts.items():
        np.save(folder / f"{name}.npy", mirrored(mirrored(part, rows, 0), cols, 1))


def mirrored(image: NDArray, size: int, axis: int) -> NDArray:
    """The image, mirrored on or cut to so many rows (axis 0) or columns (1)."""
    period = np.concatenate([np.arange(image.shape[axis]), np.arange(image.shape[axis])[::-1]])
    return image.take(np.resize(period, size), axis)


def alone(task: Callable[..., Any], *arguments: object) -> Any:
    """What a task returns that has a process for itself: a child starts with the peak of its parent."""
    with ProcessPoolExecutor(1, get_context("spawn")) as fresh:
        return fresh.submit(task, *arguments).result()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megapixels", type=float, nargs="+", default=(0.25, 1, 4, 12, 25))
    parser.add_argument("--method", choices=("auto", *methods.names()), default="graph")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    print("| megapixels | iterations | ms/MP | processors' ms/MP | declared bytes/pixel | peak bytes/pixel |")
    print("|---|---|---|---|---|---|", flush=True)
    for megapixels in arguments.megapixels:
        with TemporaryDirectory() as folder:
            alone(write, Path(folder), megapixels)
            measured = alone(measure, Path(folder), arguments.method, arguments.threads, arguments.rounds)
        print(measured, flush=True)


if __name__ == "__main__":
    main()
