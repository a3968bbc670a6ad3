"""What share of true a* and b* lies within `Colorization.interval`, as a Markdown table.

    python benchmarks/interval_coverage.py PHOTOGRAPHS --hints HINTS --kinds none,p1,p10,p50,strokes --limit 50
    python benchmarks/interval_coverage.py PHOTOGRAPHS --kinds none,p1,p10,p50

The second simulates points. For each kind of hints: the share of pixels over all photographs that the intervals of each
nominal level hold, the mean width of those of 90 %, and the share in the worst tenth of the photographs; and of
`uncertainty`, as `uncertainty.py` has it, the correlation with the error and the root mean square of error over
uncertainty.
"""

import argparse
from pathlib import Path

import numpy as np

from pyvarcolor import Hints, colorize
from pyvarcolor.evaluation import Photograph, find_photographs, point_hints, read_hints, read_photograph

LEVELS = (0.5, 0.8, 0.9, 0.95)


def measure(photograph: Photograph, hints: Hints) -> list[float]:
    """Coverage at each level, widths of a* and b* at 90 %, correlation of uncertainty, its ratio."""
    result = colorize(photograph.gray, hints)
    truth, covered = photograph.lab[..., 1:], []
    for level in LEVELS:
        lower, upper = result.interval(level)
        covered.append(((lower <= truth) & (truth <= upper)).mean())
    lower, upper = result.interval(0.9)
    error = np.linalg.norm(result.chroma - truth, axis=-1)
    correlation = np.corrcoef(result.uncertainty.ravel(), error.ravel())[0, 1]
    ratio = np.sqrt(np.mean(error**2) / 2 / np.mean(result.uncertainty**2))
    return [*covered, *(upper - lower).mean(axis=(0, 1)), correlation, ratio]


def hints_of(photograph: Photograph, kind: str, stored: Path | None) -> Hints:
    """None, the stored ones, or simulated points."""
    shape = photograph.gray.shape
    if kind == "none":
        return Hints.none(shape)
    if stored is None:
        return point_hints(photograph, int(kind[1:]), seed=0)
    return read_hints(stored / f"{photograph.name}.npz", kind, shape)


def main() -> None:
    """Print the table, a line as soon as it is known."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photographs", type=Path, metavar="PHOTOGRAPHS")
    parser.add_argument("--hints", type=Path, metavar="HINTS", help="stored ones, and only photographs with them")
    parser.add_argument("--kinds", type=lambda text: text.split(","), default=["none", "p10"], metavar="KIND,KIND")
    parser.add_argument("--limit", type=int, metavar="N", help="only N photographs, evenly from all")
    arguments = parser.parse_args()

    nominal = " | ".join(f"{level:.0%}" for level in LEVELS)
    print(
        f"| hints | {nominal} | 90 % in the worst tenth | width of a\\* | of b\\* | correlation | error / uncertainty |"
    )
    print("|---" * (6 + len(LEVELS)) + "|")
    paths = find_photographs([arguments.photographs], hints=arguments.hints, limit=arguments.limit)
    for kind in arguments.kinds:
        found = []
        for path in paths:
            photograph = read_photograph(path)
            found.append(measure(photograph, hints_of(photograph, kind, arguments.hints)))
        rows = np.array(found)
        at_90 = np.sort(rows[:, LEVELS.index(0.9)])
        worst = at_90[: max(len(at_90) // 10, 1)].mean()
        covered = [f"{share:.1%}" for share in (*rows[:, : len(LEVELS)].mean(axis=0), worst)]
        numbers = [f"{number:.1f}" for number in rows[:, -4:-2].mean(axis=0)]
        numbers += [f"{rows[:, -2].mean():.2f}", f"{np.median(rows[:, -1]):.2f}"]
        print(f"| {kind} | {' | '.join([*covered, *numbers])} |", flush=True)


if __name__ == "__main__":
    main()
