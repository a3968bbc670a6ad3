"""Fit the covariance of the guess to colour photographs, and print the constants of `methods/guess.py`.

    python benchmarks/fit_guess.py PHOTOGRAPHS --iterations 25

Each photograph is guessed from few and from many of its own pixels; what falls is the error of the guess at other
pixels in decibels, the mean over photographs and numbers of pixels. The fit starts from the constants that are there.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.spatial.distance import cdist

from pyvarcolor import kernels
from pyvarcolor import photograph as seen
from pyvarcolor.color import lightness_from_gray
from pyvarcolor.evaluation import Photograph, find_photographs, read_photograph
from pyvarcolor.learned import guess
from pyvarcolor.learned.appearance import same_place
from pyvarcolor.shading import phi

Numbers = NDArray[np.floating]

DRAWS = ((1, 4), (3, 4), (10, 4), (50, 2), (200, 1))
"""Number of pixels to guess from, and how often."""

GUESSED = 256
"""Pixels that are guessed."""

GROUPS = ((0,), (1,), (2,), (3, 4), (5,), (6,))
"""Features that count the same: x and y of the region do."""


@dataclass(frozen=True)
class Draw:
    """Some pixels of a photograph that are known, and others to be guessed."""

    squares: Numbers
    """(groups, known + guessed, known): squared distances in each group of features."""
    known: Numbers
    guessed: Numbers
    size: Numbers
    """phi(L) of those to be guessed."""

    def error(self, nugget: float, shares: Numbers, scales: Numbers) -> float:
        """Mean squared error of a*, b*."""
        covariance = np.zeros(self.squares.shape[1:])
        for share, scale in zip(shares, scales, strict=True):
            covariance += share * np.exp(-np.sqrt(np.tensordot(scale**2, self.squares, 1)))
        count = len(self.known)
        weights = np.linalg.solve(covariance[:count] + nugget * np.eye(count), self.known)
        chroma = covariance[count:] @ weights * self.size[:, None]
        return float(((chroma - self.guessed) ** 2).sum(axis=1).mean())


def draws(photograph: Photograph, random: np.random.Generator) -> Iterator[tuple[int, Draw]]:
    """All draws of a photograph, each with the number of pixels that are known."""
    lightness = lightness_from_gray(photograph.gray)
    features = guess.features_of(seen.Photograph(lightness, kernels.load("auto")))
    height, width = lightness.shape
    for count, times in DRAWS:
        for _ in range(times):
            rows, cols = random.integers(0, (height, width), (count + GUESSED, 2)).T
            places = same_place(rows, height, len(features)), same_place(cols, width, features.shape[2])
            at = features[places[0], :, places[1]].astype(np.float64)
            squares = [cdist(at[:, group], at[:count, group], "sqeuclidean") for group in map(list, GROUPS)]
            chroma, size = photograph.lab[rows, cols, 1:], phi(lightness[rows, cols])
            known = chroma[:count] / size[:count, None]
            yield count, Draw(np.stack(squares).astype(np.float32), known, chroma[count:], size[count:])


def unpack(logs: Numbers) -> tuple[float, Numbers, Numbers]:
    """Nugget, shares (they sum to 1) and scales of the groups from the logarithms that are fitted."""
    rows = np.exp(logs[1:].reshape(-1, 1 + len(GROUPS)))
    return float(np.exp(logs[0])), rows[:, 0] / rows[:, 0].sum(), rows[:, 1:]


def main() -> None:
    """Fit and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photographs", type=Path, metavar="PHOTOGRAPHS")
    parser.add_argument("--iterations", type=int, default=25)
    arguments = parser.parse_args()

    random = np.random.default_rng(60013)
    by_count: dict[int, list[Draw]] = {}
    for path in find_photographs([arguments.photographs]):
        for count, draw in draws(read_photograph(path), random):
            by_count.setdefault(count, []).append(draw)

    def decibels(logs: Numbers) -> float:
        errors = [[draw.error(*unpack(logs)) for draw in same] for same in by_count.values()]
        return float(np.mean([10 * np.log10(np.add(same, 1)).mean() for same in errors]))  # + 1: 0 is no aim

    first = [group[0] for group in GROUPS]
    rows = np.column_stack([guess.SHARES, np.array(guess.SCALES)[:, first]])
    start = np.log(np.concatenate([[guess.LEAST], rows.ravel()]))
    options = {"maxiter": arguments.iterations, "eps": 1e-3}
    best = minimize(decibels, start, method="L-BFGS-B", bounds=[(-10, 3)] * len(start), options=options)
    nugget, shares, scales = unpack(best.x)
    of_group = [k for k, group in enumerate(GROUPS) for _ in group]
    print(f"error {decibels(start):.3f} -> {best.fun:.3f} dB\n")
    print(f"SHARES = {tuple(shares.round(3).tolist())}")
    for scale in scales[:, of_group]:
        print(f"    {tuple(scale.round(3).tolist())},")
    print(f"LEAST = {nugget:.1e}")


if __name__ == "__main__":
    main()
