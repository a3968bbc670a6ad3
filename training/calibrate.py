"""Calibrate what the network says of its own error, on photographs that it was not trained on.

    python training/calibrate.py PHOTOGRAPHS [PHOTOGRAPHS...] pyvarcolor/learned/weights/calibration.npz --but HINTS

HINTS has NAME.npz for each photograph that is left to check the result on (`benchmarks/interval_coverage.py`); gray
pictures are left out too. Each is coloured by the default method: from nothing, from few and many squares of 3 x 3
pixels in true colours, and, where NAME_segments.png beside NAME numbers the objects as a person saw them, from few and
many flat strokes in the colours of these. What is kept of their errors are quantiles, as multiples of the scale that
was expected: split conformal prediction. Each of the folders PHOTOGRAPHS counts alike, however many photographs it has.

With --power another than `doubt.POWER` is tried: scores can be compared; what is written is of no use to the package.
"""

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, distance_transform_edt
from skimage.io import imread
from skimage.morphology import disk, skeletonize

from pyvarcolor import Hints, colorize
from pyvarcolor.evaluation import Photograph, find_photographs, point_hints, read_photograph
from pyvarcolor.learned import doubt
from pyvarcolor.learned.doubt import MOST_DOTS, MOST_STROKES

LEVELS = np.arange(50, 100) / 100
RANGES = (1, 2), (3, 5), (6, 20), (21, 100), (101, 300)
"""Of numbers of dots, and but for the last also of strokes."""
DRAWS = 2
"""Of hints for each range."""
PIXELS = 3000
"""Of each photograph and draw."""
SEED = 57_711_203

Errors = tuple[int, NDArray[np.float32]]
Quantity = NDArray[np.floating]


def stroke_hints(photograph: Photograph, objects: NDArray[np.intp], count: int, random: np.random.Generator) -> Hints:
    """Strokes along the middle of objects, short or long, of the colour that each has there: as a person paints."""
    chroma, shape = photograph.lab[..., 1:], objects.shape
    mask, colours = np.zeros(shape, np.bool_), np.zeros_like(chroma)
    numbers, areas = np.unique(objects, return_counts=True)
    # larger ones are painted first
    chosen = random.choice(numbers, min(count, len(numbers)), replace=False, p=areas / areas.sum())
    for number in chosen:
        inside = objects == number
        middle = np.argwhere(middle_of(inside))
        far = np.linalg.norm(middle - random.choice(middle), axis=1)
        line = middle[far <= random.uniform(0.1, 1) * min(shape)]
        drawn = np.zeros_like(mask)
        drawn[tuple(line.T)] = True
        drawn = binary_dilation(drawn, disk(random.integers(1, 3))) & inside
        mask |= drawn
        colours[drawn] = np.median(chroma[drawn], axis=0)
    return Hints(mask, colours)


def middle_of(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The lines in the middle of an object, which end before its borders."""
    depth = distance_transform_edt(np.pad(inside, 1))[1:-1, 1:-1]
    return skeletonize(depth >= depth.max() / 4)  # type: ignore[no-any-return, no-untyped-call]


def errors_of(path: Path, power: float) -> list[Errors]:
    """Row of the calibration, and (2, PIXELS, 2): distances of a* and b* from the truth, and the scales expected."""
    doubt.POWER = power
    try:
        photograph = read_photograph(path)
    except ValueError:
        return []
    random = np.random.default_rng([SEED, *photograph.name.encode()])
    objects = path.with_name(f"{path.stem}_segments.png")
    cases = [Hints.none(photograph.gray.shape)]
    for draw, (fewest, most) in enumerate(RANGES * DRAWS):
        count = int(np.exp(random.uniform(np.log(fewest), np.log(most + 1))))
        cases.append(point_hints(photograph, count, SEED + draw))
        if most <= 100 and objects.exists():
            cases.append(stroke_hints(photograph, imread(objects).astype(np.intp), count, random))
    errors = []
    for hints in cases:
        result = colorize(photograph.gray, hints, threads=1)
        at = random.integers(photograph.gray.size, size=PIXELS)
        error, scale = np.abs(result.chroma - photograph.lab[..., 1:]), result.doubt.scale()
        errors.append((result.doubt.row, np.stack([each.reshape(-1, 2)[at] for each in (error, scale)])))
    return errors


def table_of(cases: list[tuple[NDArray[np.float32], float]]) -> tuple[Quantity, float, list[float]]:
    """Of one row: quantiles (levels, 2) of error / scale, root mean square of error / scale, and facts to print.

    These are the mean widths of a* and b* at 90 %, and the mean interval score: width, and 20 times what lies beyond
    (T. Gneiting, A. E. Raftery, "Strictly proper scoring rules, prediction, and estimation", 2007, eq. 43).
    """
    error, scale = np.concatenate([errors for errors, _ in cases], axis=1)
    weight = np.repeat([weight for _, weight in cases], PIXELS)
    quantiles = [np.quantile(each, LEVELS, weights=weight, method="inverted_cdf") for each in (error / scale).T]
    squares = [np.average(each**2, axis=0, weights=weight).mean() for each in (error, scale)]
    table = np.stack(quantiles, axis=1)
    half = table[LEVELS.searchsorted(0.9)] * scale
    scores = 2 * half + 20 * np.maximum(error - half, 0)
    facts = [*np.average(2 * half, axis=0, weights=weight), np.average(scores, axis=0, weights=weight).mean()]
    return table, np.sqrt(squares[0] / squares[1]), facts


def main() -> None:
    """Write the calibration."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photographs", type=Path, nargs="+", metavar="PHOTOGRAPHS")
    parser.add_argument("calibration", type=Path, metavar="CALIBRATION.npz")
    parser.add_argument("--but", type=Path, metavar="HINTS", help="leave out those with NAME.npz in this folder")
    parser.add_argument("--power", type=float, default=doubt.POWER, metavar="P", help="by which surprise widens")
    arguments = parser.parse_args()
    folders = [find_photographs([folder]) for folder in arguments.photographs]
    if arguments.but is not None:
        folders = [[each for each in paths if not (arguments.but / f"{each.stem}.npz").exists()] for paths in folders]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        measured = [
            [cases for cases in pool.map(partial(errors_of, power=arguments.power), paths, chunksize=4) if cases]
            for paths in folders
        ]
    found = [(row, errors, 1 / len(folder)) for folder in measured for cases in folder for row, errors in cases]
    rows = len(MOST_DOTS) + len(MOST_STROKES) + 2
    if missing := set(range(rows)) - {row for row, *_ in found}:
        raise SystemExit(
            f"each row of the calibration needs photographs, but {', '.join(map(str, sorted(missing)))} got none: "
            f"there must be some in colour, and NAME_segments.png with more than {MOST_STROKES[-1]} objects beside some"
        )
    tables = [table_of([(errors, weight) for row, errors, weight in found if row == k]) for k in range(rows)]
    quantiles, deviation, facts = zip(*tables, strict=True)
    arguments.calibration.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        arguments.calibration,
        levels=LEVELS,
        quantiles=np.float32(quantiles),
        deviation=np.float32(deviation),
    )
    print("row, cases, mean widths of a* and b* at 90 %, interval score:")
    for k, (a, b, score) in enumerate(facts):
        print(f"{k}, {sum(row == k for row, *_ in found)}, {a:.1f}, {b:.1f}, {score:.2f}")


if __name__ == "__main__":
    main()
