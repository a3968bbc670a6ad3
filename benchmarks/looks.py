"""What a second look of the network gains, as a Markdown table: automatic colour, PSNR in dB.

    python benchmarks/looks.py PHOTOGRAPHS --hints HINTS

Each row looks at other copies of a photograph (`pyvarcolor.learned.answer.VIEWS`), by their short sides; differences to
the first row are the mean over photographs ± one standard error.
"""

import argparse
from pathlib import Path
from unittest.mock import patch

import numpy as np

from pyvarcolor import colorize
from pyvarcolor.evaluation import find_photographs, read_photograph
from pyvarcolor.learned import answer

CHOICES = {
    "112": ((112, False),),
    "80": ((80, False),),
    "112 and 112, mirrored": ((112, False), (112, True)),
    "112 and 80, mirrored": ((112, False), (80, True)),
    "112, 96, mirrored, and 80": ((112, False), (96, True), (80, False)),
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photographs", type=Path, metavar="PHOTOGRAPHS")
    parser.add_argument("--hints", type=Path, metavar="HINTS", help="only photographs with hints in this folder")
    parser.add_argument("--limit", type=int, metavar="N", help="only N photographs, evenly from all")
    arguments = parser.parse_args()
    paths = find_photographs([arguments.photographs], hints=arguments.hints, limit=arguments.limit)
    photographs = [read_photograph(path) for path in paths]
    print("| short sides | PSNR | difference |\n|---|---|---|")
    first = None
    for title, looks in CHOICES.items():
        with patch.object(answer, "VIEWS", looks):
            found = np.array([each.psnr(colorize(each.gray).chroma) for each in photographs])
        first = found if first is None else first
        difference = found - first
        error = difference.std(ddof=1) / np.sqrt(len(found))
        print(f"| {title} | {found.mean():.2f} | {difference.mean():+.2f} ± {error:.2f} |", flush=True)


if __name__ == "__main__":
    main()
