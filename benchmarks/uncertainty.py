"""How true `Colorization.uncertainty` of method `kriging` is, as a Markdown table.

    python benchmarks/uncertainty.py PHOTOGRAPHS --hints HINTS --kinds p10,p50,strokes --limit 13

For each kind of hints: the correlation over pixels between uncertainty and error (the distance of chroma to the truth),
beside that of the distance to the nearest hint; and the mean square of the error of a* and b* over what was expected.
"""

import argparse
from pathlib import Path

import numpy as np
from scipy.ndimage import distance_transform_edt

from pyvarcolor import Hints, colorize
from pyvarcolor.evaluation import Photograph, find_photographs, read_hints, read_photograph


def correlations_and_ratio(photograph: Photograph, hints: Hints) -> tuple[float, float, float]:
    """Of one photograph, over the pixels that nobody painted."""
    result = colorize(photograph.gray, hints, method="kriging")
    free = ~hints.mask
    error = np.linalg.norm(result.chroma - photograph.lab[..., 1:], axis=-1)[free]
    uncertainty, distance = result.uncertainty[free], distance_transform_edt(free)[free]
    ratio = np.sqrt(np.mean(error**2) / 2 / np.mean(uncertainty**2))
    return np.corrcoef(uncertainty, error)[0, 1], np.corrcoef(distance, error)[0, 1], ratio


def main() -> None:
    """Print the table, a line as soon as it is known."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photographs", type=Path, metavar="PHOTOGRAPHS")
    parser.add_argument("--hints", type=Path, required=True, metavar="HINTS")
    parser.add_argument("--kinds", type=lambda text: text.split(","), default=["p10", "p50"], metavar="KIND,KIND")
    parser.add_argument("--limit", type=int, default=13, metavar="N", help="only N photographs, evenly from all")
    arguments = parser.parse_args()

    print("| hints | correlation of uncertainty | of distance | error / uncertainty: median | from | to |")
    print("|---|---|---|---|---|---|")
    paths = find_photographs([arguments.photographs], hints=arguments.hints, limit=arguments.limit)
    for kind in arguments.kinds:
        found = []
        for path in paths:
            photograph = read_photograph(path)
            hints = read_hints(arguments.hints / f"{photograph.name}.npz", kind, photograph.gray.shape)
            found.append(correlations_and_ratio(photograph, hints))
        uncertainty, distance, ratio = np.array(found).T
        cells = [uncertainty.mean(), distance.mean(), np.median(ratio), *np.quantile(ratio, [0.1, 0.9])]
        print(f"| {kind} | {' | '.join(f'{cell:.2f}' for cell in cells)} |", flush=True)


if __name__ == "__main__":
    main()
