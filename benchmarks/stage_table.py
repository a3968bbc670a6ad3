"""Share of each stage of a whole colouring, from file to file, as a Markdown table.

    python benchmarks/stage_table.py --tiles 3 4 --threads 2

The photograph is the one of all benchmarks, repeated: 3 x 4 tiles are 12.0 megapixels, uint8. The strokes of each
tile are painted on black. Files are PNG. Milliseconds are of one call each, the solver's for the default method.
"""

import argparse
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from photographs import draw_strokes, mosaic
from PIL import Image

from pyvarcolor import NotConvergedWarning, Recipe, kernels
from pyvarcolor.color import lab_to_rgb, lightness_from_gray
from pyvarcolor.io import read_photo, write_photo
from pyvarcolor.photograph import Photograph
from pyvarcolor.pipeline import encode
from pyvarcolor.shading import normalize_hints
from pyvarcolor.strokes.parsing import read_strokes


@contextmanager
def timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    """Note how long a stage takes."""
    started = time.perf_counter()
    yield
    seconds[stage] = time.perf_counter() - started


def paint(folder: Path, tiles: tuple[int, ...], shrink: int) -> tuple[Path, Path]:
    """Files of the photograph and of its strokes on black."""
    photograph = mosaic(shrink)
    hints = draw_strokes(photograph)
    strokes = lab_to_rgb(photograph.lab[..., 0].clip(40, 60), hints.chroma, np.uint8) * hints.mask[..., None]
    gray = np.rint(255 * photograph.gray).astype(np.uint8)
    files = folder / "gray.png", folder / "strokes.png"
    for file, tile in zip(files, (gray, strokes), strict=True):
        Image.fromarray(np.tile(tile, tiles if tile.ndim == 2 else (*tiles, 1))).save(file)
    return files


def measure(files: tuple[Path, Path], threads: int) -> tuple[dict[str, float], float]:
    """Seconds of each stage, and megapixels."""
    photo, strokes = files
    backend = kernels.load(threads=threads)
    seconds: dict[str, float] = {}
    with timed(seconds, "decode the photograph"):
        gray = read_photo(photo).pixels
    with timed(seconds, "read the strokes"):
        hints = read_strokes(strokes, gray).hints
    with timed(seconds, "gray to L*"):
        photograph = Photograph(lightness_from_gray(gray), backend)
    with timed(seconds, "hints over shading"):
        normalize_hints(hints, photograph.lightness)
    with timed(seconds, "solve"):
        recipe = Recipe.of("kriging")
        chroma, _ = recipe.solve(photograph, hints, recipe.expect(photograph, hints))
    seconds["solve"] -= seconds["hints over shading"]
    with timed(seconds, "gamut and RGB"):
        rgb, _ = encode(photograph, chroma, gray.dtype)
    with timed(seconds, "encode the file"):
        write_photo(photo.with_name("colour.png"), rgb, overwrite=True)
    return seconds, gray.size / 1e6


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiles", type=int, nargs=2, default=(3, 4), metavar=("DOWN", "ACROSS"))
    parser.add_argument("--shrink", type=int, default=1, help="keep every n-th row and column, for a quick try")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", NotConvergedWarning)
        measure(paint(Path(folder), (1, 1), 8), arguments.threads)  # imports, and kernels to compile
        files = paint(Path(folder), tuple(arguments.tiles), arguments.shrink)
        seconds, megapixels = measure(files, arguments.threads)
    total = sum(seconds.values())
    print(f"{megapixels:.2f} megapixels, threads: {arguments.threads}\n")
    print("| stage | ms | ms per megapixel | share |\n|---|---|---|---|")
    for stage, spent in seconds.items():
        print(f"| {stage} | {1e3 * spent:.0f} | {1e3 * spent / megapixels:.1f} | {spent / total:.1%} |")
    print(f"| all | {1e3 * total:.0f} | {1e3 * total / megapixels:.1f} | 100 % |")


if __name__ == "__main__":
    main()
