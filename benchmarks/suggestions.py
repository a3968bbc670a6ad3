"""What strokes gain at the places of `suggest_strokes` instead of at random ones, as a Markdown table.

    python benchmarks/suggestions.py PHOTOGRAPHS --hints HINTS --kinds p10,p50 --count 10 --limit 13

Each stroke is a square of 3x3 pixels in its true colours, added to the stored hints; to none, with --kinds none.
"""

import argparse
from pathlib import Path

import numpy as np

from pyvarcolor import Hints, colorize, suggest_strokes
from pyvarcolor.evaluation import Photograph, find_photographs, read_hints, read_photograph

Places = list[tuple[int, int]]

SEEDS = (20173, 90001)
"""Of the random places; each photograph has places of its own."""


def with_true_colours(photograph: Photograph, hints: Hints, places: Places) -> Hints:
    """The same hints and squares of true colour."""
    mask = hints.mask.copy()
    for row, col in places:
        mask[max(row - 1, 0) : row + 2, max(col - 1, 0) : col + 2] = True
    return Hints(mask, photograph.lab[..., 1:])


def psnr(photograph: Photograph, hints: Hints) -> float:
    """Of the default method."""
    return photograph.psnr(colorize(photograph.gray, hints).chroma)


def gains(photograph: Photograph, hints: Hints, count: int) -> tuple[float, float]:
    """What random places and suggested ones gain, in dB."""
    before = psnr(photograph, hints)
    randomly = []
    for seed in SEEDS:
        random = np.random.default_rng([seed, *photograph.name.encode()])
        places = [(int(row), int(col)) for row, col in random.integers(0, photograph.gray.shape, (count, 2))]
        randomly.append(psnr(photograph, with_true_colours(photograph, hints, places)))
    suggested = suggest_strokes(photograph.gray, hints, count=count)
    return float(np.mean(randomly)) - before, psnr(photograph, with_true_colours(photograph, hints, suggested)) - before


def main() -> None:
    """Print the table, a line as soon as it is known."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photographs", type=Path, metavar="PHOTOGRAPHS")
    parser.add_argument("--hints", type=Path, required=True, metavar="HINTS")
    parser.add_argument("--kinds", type=lambda text: text.split(","), default=["p10", "p50"], metavar="KIND,KIND")
    parser.add_argument("--count", type=int, default=10, help="strokes that are added")
    parser.add_argument("--limit", type=int, default=13, metavar="N", help="only N photographs, evenly from all")
    arguments = parser.parse_args()

    print("| hints | random (dB) | suggested (dB) | difference |\n|---|---|---|---|")
    paths = find_photographs([arguments.photographs], hints=arguments.hints, limit=arguments.limit)
    for kind in arguments.kinds:
        found = []
        for path in paths:
            photograph = read_photograph(path)
            shape = photograph.gray.shape
            stored = arguments.hints / f"{photograph.name}.npz"
            hints = Hints.none(shape) if kind == "none" else read_hints(stored, kind, shape)
            found.append(gains(photograph, hints, arguments.count))
        random, suggested = np.array(found).T
        difference = suggested - random
        error = difference.std(ddof=1) / np.sqrt(len(difference))
        print(
            f"| {kind} | {random.mean():+.2f} | {suggested.mean():+.2f} | {difference.mean():+.2f} ± {error:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
