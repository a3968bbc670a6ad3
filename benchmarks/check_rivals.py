"""How far our rivals' scores are from those of others for the same methods on the same hints, as a Markdown table.

    python benchmarks/check_rivals.py PHOTOGRAPHS --hints HINTS --peers PEERS --kinds p10,p50,strokes --limit 10

PEERS is the JSON file that `quality.py` reads. Deviations are absolute, of each photograph and kind of hints.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import rivals

from pyvarcolor.evaluation import evaluate, find_photographs, group_scores


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photographs", type=Path, metavar="PHOTOGRAPHS")
    parser.add_argument("--hints", type=Path, required=True, metavar="HINTS")
    parser.add_argument("--peers", type=Path, required=True, metavar="PEERS")
    parser.add_argument("--kinds", type=lambda text: text.split(","), required=True, metavar="KIND,KIND")
    parser.add_argument("--rivals", nargs="+", default=list(rivals.RIVALS), choices=rivals.RIVALS)
    parser.add_argument("--limit", type=int, metavar="N", help="only N photographs, evenly from all")
    arguments = parser.parse_args()

    rivals.enter()
    stored = json.loads(arguments.peers.read_text("utf-8"))["results"]
    paths = find_photographs([arguments.photographs], hints=arguments.hints, limit=arguments.limit)
    scores = evaluate(
        paths,
        arguments.kinds,
        arguments.rivals,
        hints=arguments.hints,
        callback=lambda score: print(f"{score.photograph}, {score.kind}, {score.method}", file=sys.stderr),
    )
    print(f"{len(paths)} photographs: {', '.join(path.stem for path in paths)}\n")
    print("| rival | hints | PSNR (dB): mean | largest | CIEDE2000: mean | largest |\n|---|---|---|---|---|---|")
    for kind, by_rival in group_scores(scores).items():
        for rival, own in by_rival.items():
            theirs = [stored[rival][kind][score.photograph][:2] for score in own]
            apart = np.abs(np.subtract([(score.psnr, score.ciede2000) for score in own], theirs))
            numbers = np.stack([apart.mean(axis=0), apart.max(axis=0)], axis=1).ravel()
            print(f"| {rival} | {kind} | {' | '.join(f'{number:.4f}' for number in numbers)} |")


if __name__ == "__main__":
    main()
