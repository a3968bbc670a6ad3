"""Milliseconds per megapixel of each kernel, C++ and Numba, on 1 and 2 threads, as a Markdown table.

    python benchmarks/kernel_table.py --backends cpp numba --threads 1 2

The photograph is the one of all benchmarks with its strokes, float32, 8 neighbours; iterations are counted one by one.
The engines take turns, so that they meet the same disturbances, and the fastest round counts. All must leave the same
numbers behind, within rounding. `--processor` counts the time of processors instead: for one thread on a busy machine.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product

import numpy as np
from numpy.typing import NDArray
from photographs import Photograph, draw_strokes, mosaic

from pyvarcolor import kernels
from pyvarcolor.color import lightness_from_gray
from pyvarcolor.kernels import BACKENDS, Kernels
from pyvarcolor.solvers.steps import degree, tgv_steps, tv_steps

Engine = tuple[str, int]
"""a backend and its threads"""

STOP = {"scale": 3.0, "power": 3.0, "floor": 1e-3}
N = 4
"""iterations a call"""
ROUNDING = 1e-2
"""of the largest number, after all rounds"""


def calls(k: Kernels, photograph: Photograph) -> Iterator[tuple[str, Callable[[], object], NDArray, int]]:
    """Each kernel on the photograph: its name, its call, what that writes, and how many iterations it does."""
    drawn = draw_strokes(photograph)
    lightness = lightness_from_gray(photograph.gray)
    hints = np.ascontiguousarray(drawn.chroma.transpose(0, 2, 1))
    known = {"hints": hints, "hint_weight": np.where(drawn.mask, np.float32(np.inf), np.float32(0))}
    rows, cols = lightness.shape

    def zeros(channels: int) -> NDArray[np.float32]:
        return np.zeros((rows, channels, cols), np.float32)

    edges, g, tensor = zeros(4), zeros(1), zeros(3)
    for name, weights in (("graph_edges", edges), ("edge_weight", g), ("edge_tensor", tensor)):
        weigh = partial(getattr(k, name), lightness, *STOP.values(), weights)
        weigh()
        yield name, weigh, weights, 1

    for beta in (0.0, 3.0):
        more = ", bilaplacian" * (beta > 0)
        u, z = zeros(2), zeros(2)
        workspace = np.zeros((1, k.multigrid_size(rows, cols, 8, beta > 0)), np.float32)
        solver = {"first": 1.0, "beta": beta, "workspace": workspace, "progress": np.zeros((1, 4))}
        k.multigrid_weights(edges, workspace)
        k.multigrid_setup(known["hint_weight"], workspace)
        if beta == 0:
            yield "multigrid_weights", partial(k.multigrid_weights, edges, workspace), u, 1
            yield "multigrid_setup", partial(k.multigrid_setup, known["hint_weight"], workspace), u, 1
            yield "multigrid_cycle", partial(k.multigrid_cycle, hints, workspace, z), z, 1
        yield "multigrid_start" + more, partial(k.multigrid_start, u, **known, **solver), u, 1
        yield "multigrid_cg" + more, partial(k.multigrid_cg, u, **solver, n=N), u, N

    u = hints.copy()
    yield "heat_iterate", partial(k.heat_iterate, u, zeros(2), **known, time_step=0.25, n=N), u, N
    w, out = zeros(8), zeros(2)
    k.levin_weights(lightness / 100, w)
    yield "levin_weights", partial(k.levin_weights, lightness / 100, w), w, 1
    yield "levin_apply", partial(k.levin_apply, hints, w, out), out, 1

    u, p = hints.copy(), zeros(4)
    tau, sigma = tv_steps(g, 1.0, 100.0)
    steps = {"tau": tau, "sigma": sigma, "relaxation": 1.8, "n": N}
    yield "tv_iterate", partial(k.tv_iterate, u, p, g=g, **known, alpha1=1.0, **steps), u, N
    for beta in (0.0, 100.0):
        u, v, p, q, r = (zeros(channels) for channels in (2, 4, 4, 6, 2))
        s = np.sqrt(beta / degree(g)).astype(np.float32)
        if beta == 0:
            r, s = r[:0], s[:0]
        tau, sigma = tgv_steps(g, s, 10.0, 1.0, 100.0, 0.1)
        steps = {"tau": tau, "sigma": sigma, "relaxation": 1.8, "n": N}
        tgv = partial(k.tgv_iterate, u, v, p, q, r, g=g, s=s, **known, alpha0=10.0, alpha1=1.0, **steps)
        yield "tgv_iterate" + ", bilaplacian" * (beta > 0), tgv, u, N

    u = np.ascontiguousarray(photograph.lab[..., 1:].transpose(0, 2, 1), np.float32)
    yield "mean_change", partial(k.mean_change, u, u.copy()), u, 1
    rgb = np.zeros((rows, cols, 3), np.uint8)
    yield "encode_rgb", partial(k.encode_rgb, lightness, u, rgb), rgb, 1


def measure(
    engines: list[Engine], photograph: Photograph, rounds: int, clock: Callable[[], float]
) -> Iterator[tuple[str, list[float]]]:
    """The name of each kernel, and seconds per iteration on each engine."""
    loaded = [kernels.load(backend, threads) for backend, threads in engines]
    for same in zip(*(calls(each, photograph) for each in loaded), strict=True):
        fastest = [np.inf] * len(engines)
        for _, at in product(range(rounds), range(len(engines))):
            _, call, _, n = same[at]
            started = clock()
            call()
            fastest[at] = min(fastest[at], (clock() - started) / n)
        name, _, first, _ = same[0]
        for _, _, written, _ in same[1:]:
            off = np.abs(written.astype(np.float64) - first).max()
            if off > ROUNDING * max(1, np.abs(first).max()):
                raise AssertionError(f"{name}: engines differ by {off:g}")
        yield name, fastest


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backends", nargs="+", choices=BACKENDS, default=kernels.available())
    parser.add_argument("--threads", type=int, nargs="+", default=(1, 2))
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--shrink", type=int, default=1, help="keep every n-th row and column, for a quick try")
    parser.add_argument("--processor", action="store_true")
    arguments = parser.parse_args()
    photograph = mosaic(arguments.shrink)
    engines = list(product(arguments.backends, arguments.threads))
    clock = time.process_time if arguments.processor else time.perf_counter
    print("| kernel |", *(f"{backend}, {threads} |" for backend, threads in engines))
    print("|---|" + "---|" * len(engines), flush=True)
    for name, seconds in measure(engines, photograph, arguments.rounds, clock):
        print(f"| {name} |", *(f"{1e3 * each / photograph.megapixels:.2f} |" for each in seconds), flush=True)


if __name__ == "__main__":
    main()
