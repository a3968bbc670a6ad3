"""Seconds of whole calls of `colorize` at 1 megapixel, by our methods and their rivals, as a Markdown table.

    python benchmarks/speed_table.py --methods auto graph tgv --rivals fbs levin --threads 2

The photograph is the one of all benchmarks with its strokes. All take turns for some rounds, of which the fastest
counts, by the clock and by the processors' time; who is slow has fewer. The rivals run on one thread, and are not made
to be fast.
"""

import argparse
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import rivals
from photographs import draw_strokes, mosaic

from pyvarcolor import NotConvergedWarning, Recipe, colorize
from pyvarcolor.color import Array

ROUNDS = 5
PATIENCE = 20
"""seconds, after which a method has no more rounds"""


@dataclass(frozen=True)
class Timing:
    """One call, and what it returned."""

    seconds: float
    processor_seconds: float
    chroma: Array


def time_at_one_megapixel(methods: Sequence[str], threads: int | None, shrink: int = 1) -> dict[str, Timing]:
    """The fastest call of each method, written as `evaluate` takes them."""
    photograph = mosaic(shrink)
    gray, hints = np.rint(255 * photograph.gray).astype(np.uint8), draw_strokes(photograph)
    small = mosaic(8)
    timings: dict[str, list[Timing]] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotConvergedWarning)
        for text in methods:
            colorize(small.gray, draw_strokes(small), method=Recipe.parse(text))  # imports, and kernels to compile
        for text in ROUNDS * list(methods):
            earlier = timings.setdefault(text, [])
            if sum(timing.seconds for timing in earlier) < PATIENCE:
                started, before_it = time.perf_counter(), time.process_time()
                chroma = colorize(gray, hints, threads=threads, method=Recipe.parse(text)).chroma
                earlier.append(Timing(time.perf_counter() - started, time.process_time() - before_it, chroma))
    return {text: min(own, key=lambda timing: timing.seconds) for text, own in timings.items()}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--methods", nargs="+", default=["auto"], metavar="METHOD")
    parser.add_argument("--rivals", nargs="+", default=[], choices=rivals.RIVALS)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--shrink", type=int, default=1, help="keep every n-th row and column, for a quick try")
    arguments = parser.parse_args()
    rivals.enter()
    timings = time_at_one_megapixel([*arguments.methods, *arguments.rivals], arguments.threads, arguments.shrink)
    photograph = mosaic(arguments.shrink)
    print("| method | seconds | processors' seconds | PSNR (dB) | CIEDE2000 |\n|---|---|---|---|---|")
    for text, timing in timings.items():
        quality = photograph.psnr(timing.chroma), photograph.ciede2000(timing.chroma)
        numbers = timing.seconds, timing.processor_seconds, *quality
        print(f"| {text} | {' | '.join(f'{number:.2f}' for number in numbers)} |")


if __name__ == "__main__":
    main()
