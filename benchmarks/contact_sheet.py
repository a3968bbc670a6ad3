"""Pictures to look at: a sheet for each photograph with its hints, its true colours, and what each method made of it.

    python benchmarks/contact_sheet.py PHOTOGRAPHS --hints HINTS --kinds p50,strokes --limit 12 --output SHEETS \
        --methods auto tgv graph:weights=levin,normalize=False matting:normalize=False bilateral

Nothing is made smaller: SHEETS/NAME_KIND.png has the true colours and the hints above, and below them the methods in
their order, three in a row.
"""

import argparse
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from skimage.util import montage

from pyvarcolor import Hints, NotConvergedWarning, Recipe, colorize
from pyvarcolor.color import lab_to_rgb, lightness_from_gray
from pyvarcolor.evaluation import Photograph, find_photographs, read_hints, read_photograph
from pyvarcolor.io import write_photo

Picture = NDArray[np.uint8]

COLUMNS = 3


def picture(photograph: Photograph, chroma: NDArray[np.floating]) -> Picture:
    """The photograph's lightness in these colours."""
    return lab_to_rgb(lightness_from_gray(photograph.gray), chroma, np.uint8)


def sheet(photograph: Photograph, hints: Hints, methods: list[str]) -> Picture:
    """Truth and hints above, the methods below."""
    tiles = [picture(photograph, photograph.lab[..., 1:]), picture(photograph, hints.chroma)]
    tiles += [np.zeros_like(tiles[0])] * (COLUMNS - len(tiles))
    tiles += [
        picture(photograph, colorize(photograph.gray, hints, method=Recipe.parse(text)).chroma) for text in methods
    ]
    rows = -(-len(tiles) // COLUMNS)
    sheet: Picture = montage(tiles, grid_shape=(rows, COLUMNS), channel_axis=-1, fill=(0, 0, 0), padding_width=4)
    return sheet


def main() -> None:
    """Write the sheets, and tell of each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photographs", type=Path, metavar="PHOTOGRAPHS")
    parser.add_argument("--hints", type=Path, required=True, metavar="HINTS")
    parser.add_argument("--kinds", type=lambda text: text.split(","), default=["strokes"], metavar="KIND,KIND")
    parser.add_argument("--methods", nargs="+", default=["auto", "tgv", "graph"], metavar="METHOD")
    parser.add_argument("--limit", type=int, default=12, metavar="N", help="only N photographs, evenly from all")
    parser.add_argument("--output", type=Path, required=True, metavar="SHEETS")
    arguments = parser.parse_args()

    arguments.output.mkdir(parents=True, exist_ok=True)
    warnings.simplefilter("ignore", NotConvergedWarning)
    for path in find_photographs([arguments.photographs], hints=arguments.hints, limit=arguments.limit):
        photograph = read_photograph(path)
        for kind in arguments.kinds:
            hints = read_hints(arguments.hints / f"{path.stem}.npz", kind, photograph.gray.shape)
            target = arguments.output / f"{path.stem}_{kind}.png"
            write_photo(target, sheet(photograph, hints, arguments.methods), overwrite=True)
            print(target)


if __name__ == "__main__":
    main()
