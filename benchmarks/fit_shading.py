"""Which phi(L) = ((L + c) / (50 + c))^p tells best how chroma changes with lightness within an object.

    python benchmarks/fit_shading.py PHOTOGRAPHS

NAME_segments.png beside each photograph NAME numbers its segments. Of pairs of pixels in one segment, the chroma of the
one is foretold from that of the other; a Markdown table has the mean squared error over that of p = 0.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from skimage.io import imread

from pyvarcolor.evaluation import Photograph, find_photographs, read_photograph

PAIRS = 3000
"""in each photograph; a segment has its share of them"""
BLACKS, POWERS = (0.5, 1, 2, 4, 8, 16), (0.2, 0.3, 0.4, 0.5, 0.6)


def pairs_of(photograph: Photograph, segments: NDArray[np.integer]) -> Iterator[tuple[NDArray[np.floating], ...]]:
    """L*, a*, b* of both pixels of each pair."""
    random = np.random.default_rng([30011, *photograph.name.encode()])
    lab = photograph.lab.reshape(-1, 3)
    for segment in np.unique(segments):
        inside = np.flatnonzero(segments == segment)
        yield tuple(lab[random.choice(inside, (2, round(PAIRS * inside.size / segments.size)))])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photographs", type=Path, metavar="PHOTOGRAPHS")
    folder = parser.parse_args().photographs

    pairs = []
    for path in find_photographs([folder]):
        if (segments := folder / f"{path.stem}_segments.png").exists():
            pairs += pairs_of(read_photograph(path), imread(segments))
    one, other = (np.concatenate(side) for side in zip(*pairs, strict=True))

    def error(c: float, p: float) -> float:
        ratio = ((other[:, :1] + c) / (one[:, :1] + c)) ** p
        return float(np.square(other[:, 1:] - ratio * one[:, 1:]).sum(axis=1).mean())

    print(f"| c | {' | '.join(f'p = {p}' for p in POWERS)} |\n|---|{'---|' * len(POWERS)}")
    for c in BLACKS:
        print(f"| {c} | {' | '.join(f'{error(c, p) / error(c, 0):.3f}' for p in POWERS)} |")


if __name__ == "__main__":
    main()
