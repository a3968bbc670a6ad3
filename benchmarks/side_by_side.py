"""Two installations of pyvarcolor beside each other, by turns in one run: the ratio of their times.

    python benchmarks/side_by_side.py OLD/bin/python NEW/bin/python --rounds 9

Each method colours the same photograph (1024 x 1024, from scikit-image) from the same hints in both, on one thread.
What is compared is the least time of each, for a machine is only ever slowed down.
"""

import argparse
import subprocess

METHODS = ("auto", "auto, no hints", "kriging", "graph", "tgv", "bilateral", "matting", "random-walker")

WORKER = """
import sys, time, warnings
import numpy as np
from skimage import data
from pyvarcolor import Hints, colorize

warnings.simplefilter("ignore")
rgb = data.astronaut().repeat(2, axis=0).repeat(2, axis=1)
gray, random = rgb[..., 1], np.random.default_rng(9151)
places = random.integers(4, 1020, (100, 2)).tolist()
hints = Hints.from_points([(row, col, random.uniform(-30, 30, 2)) for row, col in places], gray.shape)
for line in sys.stdin:
    method, _, without = line.strip().partition(", ")
    started = time.perf_counter()
    colorize(gray, None if without else hints, method=method, threads=1)
    print(time.perf_counter() - started, flush=True)
"""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old")
    parser.add_argument("new")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--methods", nargs="+", default=METHODS)
    arguments = parser.parse_args()
    workers = [
        subprocess.Popen([python, "-P", "-c", WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for python in (arguments.old, arguments.new)
    ]
    print("| method | old, ms | new, ms | new / old |\n|---|---|---|---|")
    for method in arguments.methods:
        least = [float("inf")] * 2
        for turn in range(2 * arguments.rounds + 2):
            at = turn % 2
            worker = workers[at]
            assert worker.stdin is not None  # both are pipes
            assert worker.stdout is not None
            print(method, file=worker.stdin, flush=True)
            seconds = float(worker.stdout.readline())
            if turn >= 2:  # the first ones import, and fill caches
                least[at] = min(least[at], seconds)
        old, new = least
        print(f"| {method} | {1000 * old:.0f} | {1000 * new:.0f} | {new / old:.2f} |")
    for worker in workers:
        worker.communicate()


if __name__ == "__main__":
    main()
