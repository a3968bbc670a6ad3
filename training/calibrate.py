"""Calibrate what the network says of its own error, on photographs that it was not trained on.

    python training/calibrate.py PHOTOGRAPHS pyvarcolor/learned/weights/calibration.npz --but HINTS

HINTS has NAME.npz for each photograph that is left to check the result on (`benchmarks/interval_coverage.py`); gray
pictures are left out too. Each is coloured by the default method: from nothing, from few and many squares of 3 x 3
pixels in true colours, and from few and many flat strokes in the colours of the objects they lie on. What is kept of
their errors are quantiles, as multiples of the network's scale: split conformal prediction.
"""

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, distance_transform_edt
from skimage.io import imread
from skimage.morphology import disk, skeletonize
from skimage.segmentation import felzenszwalb

from pyvarcolor import Hints, colorize
from pyvarcolor.evaluation import Photograph, find_photographs, point_hints, read_photograph
from pyvarcolor.learned.doubt import MOST_DOTS, MOST_STROKES

LEVELS = np.arange(50, 100) / 100
RANGES = (1, 2), (3, 5), (6, 20), (21, 100), (101, 300)
"""Of numbers of dots, and but for the last also of strokes."""
COARSE, LEAST_OBJECT = 400, 1 / 500
"""The scale of Felzenszwalb and Huttenlocher (2004) at which objects are found, and their least share of pixels."""
PIXELS = 3000
"""Of each photograph and number of strokes."""
SEED = 57_711_203

Errors = tuple[int, NDArray[np.float32]]


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


def objects_of(path: Path, photograph: Photograph) -> NDArray[np.intp]:
    """Number of the object that each pixel is of: a person's, in NAME_segments.png beside NAME, or found."""
    drawn = path.with_name(f"{path.stem}_segments.png")
    if drawn.exists():
        objects: NDArray[np.intp] = imread(drawn).astype(np.intp)
        return objects
    least = round(photograph.gray.size * LEAST_OBJECT)
    return felzenszwalb(photograph.rgb, scale=COARSE, sigma=0.8, min_size=least)


def errors_of(path: Path) -> list[Errors]:
    """Row of the calibration, and (2, PIXELS, 2): distances of a* and b* from the truth, and the network's scales."""
    try:
        photograph = read_photograph(path)
    except ValueError:
        return []
    random = np.random.default_rng([SEED, *photograph.name.encode()])
    objects = objects_of(path, photograph)
    cases = [Hints.none(photograph.gray.shape)]
    for fewest, most in RANGES:
        count = int(np.exp(random.uniform(np.log(fewest), np.log(most + 1))))
        cases.append(point_hints(photograph, count, SEED))
        if most <= 100:
            cases.append(stroke_hints(photograph, objects, count, random))
    errors = []
    for hints in cases:
        result = colorize(photograph.gray, hints, threads=1)
        at = random.integers(photograph.gray.size, size=PIXELS)
        error, scale = np.abs(result.chroma - photograph.lab[..., 1:]), result._doubt.scale()
        errors.append((result._doubt.row, np.stack([each.reshape(-1, 2)[at] for each in (error, scale)])))
    return errors


def main() -> None:
    """Write the calibration."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photographs", type=Path, nargs="+", metavar="PHOTOGRAPHS")
    parser.add_argument("calibration", type=Path, metavar="CALIBRATION.npz")
    parser.add_argument("--but", type=Path, metavar="HINTS", help="leave out those with NAME.npz in this folder")
    arguments = parser.parse_args()
    paths = find_photographs(arguments.photographs)
    if arguments.but is not None:
        paths = [path for path in paths if not (arguments.but / f"{path.stem}.npz").exists()]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        found = [case for cases in pool.map(errors_of, paths, chunksize=4) for case in cases]
    rows = len(MOST_DOTS) + len(MOST_STROKES) + 2
    if missing := set(range(rows)) - {row for row, _ in found}:
        raise SystemExit(
            f"each row of the calibration needs photographs, but {', '.join(map(str, sorted(missing)))} got none: "
            f"there must be some in colour, of 200 x 200 pixels or more, so that 3 x 3 pixels are a dot"
        )
    error, scale = zip(
        *(np.concatenate([each for row, each in found if row == k], axis=1) for k in range(rows)), strict=True
    )
    ratio = [e / s for e, s in zip(error, scale, strict=True)]
    arguments.calibration.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        arguments.calibration,
        levels=LEVELS,
        quantiles=np.stack([np.quantile(each, LEVELS, axis=0) for each in ratio]).astype(np.float32),
        deviation=np.float32([np.sqrt((e**2).mean() / (s**2).mean()) for e, s in zip(error, scale, strict=True)]),
    )
    print("row, cases, mean widths of a* and b* at 90 %:")
    for k in range(rows):
        a, b = 2 * np.quantile(ratio[k], 0.9, axis=0) * scale[k].mean(axis=0)
        print(f"{k}, {len(error[k]) // PIXELS}, {a:.1f}, {b:.1f}")


if __name__ == "__main__":
    main()
