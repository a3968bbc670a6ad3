"""TV by reweighted least squares and by primal-dual iterations: time to a mean error, as a Markdown table.

    python benchmarks/tv_algorithms.py --shrink 2 --seconds 60

Both start from nothing and run on one thread; seconds are processor time without the looks at the error. The reference
is reweighted least squares in float64, run on until the colour rests.
"""

import argparse
import time

import numpy as np
from photographs import draw_strokes, mosaic

from pyvarcolor import Hints, Progress, colorize

GOALS = (2.0, 1.0, 0.5, 0.25)
LOOK = 50
"""iterations between two looks at the error"""
EDGES = {"edge_blur": 0.0, "edge_scale": 1.0}
"""harder ones than the default"""


def measure(solver: str, gray: np.ndarray, hints: Hints, reference: np.ndarray, limit: float) -> str:
    """Iterations and seconds to each goal: the right side of a row."""
    goals, reached, unseen = list(GOALS), list[str](), 0.0
    started = time.process_time()

    def look(progress: Progress) -> None:
        nonlocal unseen
        stopped = time.process_time()
        error = float(np.linalg.norm(progress.chroma - reference, axis=-1).mean())
        spent = stopped - started - unseen
        while goals and error < goals[0]:
            goals.pop(0)
            reached.append(f"{progress.iteration} / {spent:.1f}")
        if goals and spent > limit:
            reached.append(f"- ({error:.2f} at {progress.iteration})")
        unseen += time.process_time() - stopped
        if not goals or spent > limit:
            raise StopIteration

    forever = {"check_every": LOOK, "max_iter": 10**6, "tol": 0}
    colorize(gray, hints, method="tv", solver=solver, threads=1, callback=look, **EDGES, **forever)
    return " | ".join(reached + ["-"] * (len(GOALS) - len(reached)))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shrink", type=int, default=2, metavar="N", help="keep every N-th row and column")
    parser.add_argument("--seconds", type=float, default=60.0, help="limit for each algorithm")
    arguments = parser.parse_args()

    photograph = mosaic(arguments.shrink)
    gray, hints = photograph.gray, draw_strokes(photograph)
    exact = colorize(gray.astype(np.float64), hints, method="tv", solver="irls", max_iter=3000, tol=0, **EDGES).chroma
    print(f"{gray.shape[0]} x {gray.shape[1]}; iterations / seconds to mean error\n")
    print(f"| solver | {' | '.join(map(str, GOALS))} |\n|---|{'---|' * len(GOALS)}")
    for solver in ("irls", "primal-dual"):
        print(f"| {solver} | {measure(solver, gray, hints, exact, arguments.seconds)} |", flush=True)


if __name__ == "__main__":
    main()
