"""PSNR and CIEDE2000 of methods over a folder of colour photographs with stored hints, as a Markdown table.

    python benchmarks/quality_table.py PHOTOGRAPHS --hints HINTS --kinds p10,p50 --methods auto tgv:alpha0=5

PHOTOGRAPHS holds NAME.jpg or NAME.png; HINTS holds NAME.npz with, for each kind, KIND_mask (the bits of the
H x W mask, `numpy.packbits`) and KIND_chroma (a*, b* of its pixels in row order). A method is a name, or
name:option=value,option=value. Beside each mean stands its paired difference to the first method, ± one
standard error of it.
"""

import argparse
import ast
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from photographs import Photograph
from skimage.io import imread

from pyvarcolor import Hints, NotConvergedWarning, colorize


@dataclass(frozen=True)
class Method:
    """A method and its options as written on the command line."""

    text: str

    @property
    def options(self) -> dict[str, Any]:
        """The arguments of `colorize`."""
        name, _, options = self.text.partition(":")
        pairs = [option.partition("=")[::2] for option in options.split(",") if option]
        return {"method": name} | {key: _value(text) for key, text in pairs}


@dataclass(frozen=True)
class Score:
    """What is measured of one method on one photograph."""

    psnr: float
    ciede2000: float
    seconds: float
    iterations: int


def read_hints(path: Path, kind: str, shape: tuple[int, int]) -> Hints:
    """Hints of one kind from their file."""
    with np.load(path) as stored:
        mask = np.unpackbits(stored[f"{kind}_mask"], count=shape[0] * shape[1]).reshape(shape).astype(bool)
        chroma = np.zeros((*shape, 2), np.float32)
        chroma[mask] = stored[f"{kind}_chroma"]
    return Hints(mask, chroma)


def score(photograph: Photograph, hints: Hints, method: Method) -> Score:
    """Colour one photograph."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotConvergedWarning)
        result = colorize(photograph.gray, hints, **method.options)
    report = result.report
    return Score(photograph.psnr(result.chroma), photograph.ciede2000(result.chroma), report.seconds, report.iterations)


def row(kind: str, method: Method, scores: list[Score], first: list[Score]) -> str:
    """A line of the table."""
    cells = [kind, method.text]
    for quantity in ("psnr", "ciede2000"):
        values, base = (np.array([getattr(one, quantity) for one in many]) for many in (scores, first))
        cells += [f"{values.mean():.2f}", "" if scores is first else _paired(values - base)]
    cells.append(f"{np.mean([one.seconds for one in scores]):.2f}")
    cells.append(f"{np.mean([one.iterations for one in scores]):.0f}")
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Print the table, a line as soon as it is known."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photographs", type=Path, metavar="PHOTOGRAPHS")
    parser.add_argument("--hints", type=Path, required=True, metavar="HINTS")
    parser.add_argument("--kinds", type=lambda text: text.split(","), required=True, metavar="KIND,KIND")
    parser.add_argument("--methods", type=Method, nargs="+", required=True, metavar="METHOD")
    parser.add_argument("--limit", type=int, metavar="N", help="only N photographs, evenly from all")
    arguments = parser.parse_args()

    photographs = {path.stem: path for path in sorted(arguments.photographs.iterdir())}
    stored = [path for path in sorted(arguments.hints.glob("*.npz")) if path.stem in photographs]
    if not stored:
        parser.error(f"HINTS must hold NAME.npz for photographs NAME, but {arguments.hints} holds none")
    count = min(arguments.limit or len(stored), len(stored))
    chosen = [stored[k * len(stored) // count] for k in range(count)]
    print(f"{count} photographs: {', '.join(path.stem for path in chosen)}\n")
    print("| hints | method | PSNR (dB) | difference | CIEDE2000 | difference | seconds | iterations |")
    print("|---|---|---|---|---|---|---|---|")
    for kind in arguments.kinds:
        first: list[Score] = []
        for method in arguments.methods:
            scores = []
            for path in chosen:
                photograph = Photograph(imread(photographs[path.stem]))
                hints = read_hints(path, kind, photograph.gray.shape)
                scores.append(score(photograph, hints, method))
            first = first or scores
            print(row(kind, method, scores, first), flush=True)


def _value(text: str) -> Any:
    """A Python literal, or the text itself: True, 0.5, levin."""
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return text


def _paired(difference: np.ndarray) -> str:
    """Mean difference ± its standard error, which a single photograph doesn't have."""
    mean = f"{difference.mean():+.2f}"
    if len(difference) == 1:
        return mean
    return f"{mean} ± {difference.std(ddof=1) / np.sqrt(len(difference)):.2f}"


if __name__ == "__main__":
    main()
