"""Calibrate what the network says of its own error, on photographs that it was not trained on.

    python training/calibrate.py PHOTOGRAPHS pyvarcolor/learned/weights/calibration.npz --but HINTS

HINTS has NAME.npz for each photograph that is left to check the result on (`benchmarks/interval_coverage.py`); gray
pictures are left out too. Each is coloured by the default method, from nothing and from few and many squares of 3 x 3
pixels in true colours. What is kept of their errors are quantiles, as multiples of the network's scale: split conformal
prediction.
"""

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pyvarcolor import Hints, colorize
from pyvarcolor.evaluation import find_photographs, point_hints, read_photograph
from pyvarcolor.learned.doubt import MOST_STROKES

LEVELS = np.arange(50, 100) / 100
MANY = 300
"""Strokes at most."""
RANGES = list(zip((0, *np.add(MOST_STROKES, 1)), (*MOST_STROKES, MANY), strict=True))
"""Of numbers of strokes, for each row of the calibration."""
PIXELS = 3000
"""Of each photograph and number of strokes."""
SEED = 57_711_203

Errors = NDArray[np.float32]


def errors_of(path: Path) -> Errors | None:
    """(rows, PIXELS, 2, 2): distances of a* and b* from the truth, and the network's scales, for each row."""
    try:
        photograph = read_photograph(path)
    except ValueError:
        return None
    random = np.random.default_rng([SEED, *photograph.name.encode()])
    errors = []
    for least, most in RANGES:
        count = int(np.exp(random.uniform(np.log(least), np.log(most + 1)))) if most else 0
        hints = point_hints(photograph, count, SEED) if count else Hints.none(photograph.gray.shape)
        result = colorize(photograph.gray, hints, threads=1)
        at = random.integers(photograph.gray.size, size=PIXELS)
        error = np.abs(result.chroma - photograph.lab[..., 1:])
        errors.append(np.stack([each.reshape(-1, 2)[at] for each in (error, result._doubt.scale())], axis=-1))
    return np.stack(errors).astype(np.float32)


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
        found = [errors for errors in pool.map(errors_of, paths, chunksize=4) if errors is not None]
    errors = np.concatenate(found, axis=1)
    error, scale = np.moveaxis(errors, -1, 0)
    arguments.calibration.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        arguments.calibration,
        levels=LEVELS,
        quantiles=np.quantile(error / scale, LEVELS, axis=1).transpose(1, 0, 2).astype(np.float32),
        deviation=np.sqrt((error**2).mean(axis=(1, 2)) / (scale**2).mean(axis=(1, 2))).astype(np.float32),
    )
    width = 2 * np.quantile(error / scale, 0.9, axis=1) * scale.mean(axis=1)
    print(f"{len(found)} photographs; mean widths of a* and b* at 90 %, by number of strokes:")
    for (least, most), (a, b) in zip(RANGES, width, strict=True):
        print(f"  {least} to {most}: {a:.1f}, {b:.1f}")


if __name__ == "__main__":
    main()
