"""Milliseconds of colour without strokes, stage by stage, as a Markdown table: the medians of some rounds.

    python benchmarks/learned_speed.py --threads 2

The photograph is that of all benchmarks, 1 megapixel as uint8; no file is decoded or encoded. The last lines are not
parts of the sum: the whole call of `colorize`, the network at 128 x 192 pixels, and the loading of its weights.
"""

import argparse
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
from photographs import mosaic

from pyvarcolor import colorize, kernels
from pyvarcolor.color import lightness_from_gray
from pyvarcolor.learned.answer import VIEWS, ask, working_size
from pyvarcolor.learned.appearance import enlarge, make_copy, resized
from pyvarcolor.learned.network import WEIGHTS, Network, built_in
from pyvarcolor.methods.base import EdgeAware
from pyvarcolor.photograph import Photograph
from pyvarcolor.shading import phi


class Clock:
    """Times stages, some rounds each."""

    def __init__(self, rounds: int) -> None:
        self.rounds = rounds
        self.milliseconds: dict[str, float] = {}

    def time(self, stage: str, call: Callable[[], Any]) -> Any:
        result, seconds = call(), []
        for _ in range(self.rounds):
            started = time.perf_counter()
            result = call()
            seconds.append(time.perf_counter() - started)
        self.milliseconds[stage] = 1000 * median(seconds)
        return result


def measure(shrink: int, threads: int | None, rounds: int) -> tuple[dict[str, float], dict[str, float]]:
    """Milliseconds of the stages, and of what is no stage."""
    gray = np.rint(255 * mosaic(shrink).gray).astype(np.uint8)
    backend = kernels.load(threads=threads)
    clock = Clock(rounds)
    lightness = clock.time("gray to L\\*", lambda: np.ascontiguousarray(lightness_from_gray(gray)))
    nothing, no_weight = np.zeros((len(gray), 2, gray.shape[1]), lightness.dtype), np.zeros_like(lightness)
    copy = clock.time("a copy of 320 pixels", lambda: make_copy(lightness))
    sizes = [working_size(gray.shape, short_side) for short_side, _ in VIEWS]
    clock.time("the same at 112 and 80 pixels", lambda: [resized(copy[:, None], size) for size in sizes])
    views = [np.zeros((7, *size), np.float32) for size in sizes]
    clock.time("the network, on both", lambda: [built_in().forward(seen) for seen in views])
    whole = clock.time("", lambda: ask(Photograph(lightness, backend), nothing, no_weight))
    before = sum(clock.milliseconds[stage] for stage in list(clock.milliseconds)[1:4])
    clock.milliseconds["its answer on the copy"] = clock.milliseconds.pop("") - before
    large = clock.time("enlarged", lambda: enlarge(whole.chroma, lightness))
    u = clock.time("brought to the edges", lambda: EdgeAware().upsample(large, Photograph(lightness, backend), 0))
    clock.time("shading", lambda: u * phi(lightness)[:, None])
    rgb = np.empty((*gray.shape, 3), np.uint8)
    clock.time("gamut and RGB", lambda: backend.encode_rgb(lightness, u, rgb))
    stages = dict(clock.milliseconds)
    other = Clock(rounds)
    other.time("`colorize(gray)`", lambda: colorize(gray, threads=threads))
    other.time("the network at 128 x 192", lambda: built_in().forward(np.zeros((7, 128, 192), np.float32)))
    other.time("loading its weights", lambda: Network(WEIGHTS))
    return stages, other.milliseconds


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shrink", type=int, default=1, help="keep every n-th row and column, for a quick try")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    stages, other = measure(arguments.shrink, arguments.threads, arguments.rounds)
    print("| stage | milliseconds |\n|---|---|")
    for stage, milliseconds in (stages | {"**sum**": sum(stages.values())} | other).items():
        print(f"| {stage} | {milliseconds:.1f} |")


if __name__ == "__main__":
    main()
