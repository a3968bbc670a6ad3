"""What `pyvarcolor evaluate` measures, with the stored scores of other programs beside it, as Markdown tables.

    python benchmarks/quality.py PHOTOGRAPHS --hints HINTS --peers PEERS --kinds p10,p50 --methods auto tgv:alpha0=5

PEERS is a JSON file {"results": {RIVAL: {KIND: {NAME: [PSNR, CIEDE2000]}}}} of scores on the same stored hints at full
size; a third number, where it is known, is seconds. The second table holds each method against the rival that is the
best on average for the kind of hints: paired differences ± one standard error.
"""

import argparse
import json
import sys
from pathlib import Path
from statistics import fmean

from pyvarcolor.evaluation import (
    Score,
    evaluate,
    find_photographs,
    group_scores,
    paired_difference,
    plot,
    summarize,
    to_markdown,
)

Stored = dict[str, dict[str, dict[str, list[float]]]]


def rival_scores(stored: Stored, ours: list[Score]) -> list[Score]:
    """Scores of the rivals on each photograph and kind of hints that ours were measured on."""
    measured = {(score.kind, score.photograph): score.gray_psnr for score in ours}
    scores = []
    for rival, by_kind in stored.items():
        for (kind, name), gray_psnr in measured.items():
            try:
                psnr, ciede2000, *seconds = by_kind[kind][name]
            except KeyError:
                raise ValueError(
                    f"PEERS must hold a score for each photograph, but {rival} has none on {name}, {kind}"
                ) from None
            # their gray is rounded differently, by up to 0.015 dB: gray itself must not be worse than gray
            scores.append(Score(name, kind, None, rival, psnr, ciede2000, gray_psnr - 0.02, None, *seconds))
    return scores


def against_the_best(ours: list[Score], rivals: list[Score]) -> str:
    """Table of paired differences of our methods to the best rival for each kind of hints."""
    lines = [
        "| hints | method | best rival | PSNR (dB) | best rival | CIEDE2000 | in % |",
        "|---|---|---|---|---|---|---|",
    ]
    theirs = group_scores(rivals)
    for kind, by_method in group_scores(ours).items():
        by_psnr = max(theirs[kind].values(), key=lambda scores: fmean(score.psnr for score in scores))
        by_colour = min(theirs[kind].values(), key=lambda scores: fmean(score.ciede2000 for score in scores))
        for method, scores in by_method.items():
            decibels = paired_difference(scores, by_psnr, "psnr")
            colour = paired_difference(scores, by_colour, "ciede2000")
            share = colour.mean / fmean(score.ciede2000 for score in by_colour)
            cells = [kind, method, by_psnr[0].method, f"{decibels:+.2f}", by_colour[0].method, f"{colour:+.2f}"]
            lines.append(f"| {' | '.join(cells)} | {share:+.1%} |")
    return "\n".join(lines)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photographs", type=Path, metavar="PHOTOGRAPHS")
    parser.add_argument("--hints", type=Path, required=True, metavar="HINTS")
    parser.add_argument("--peers", type=Path, required=True, metavar="PEERS")
    parser.add_argument("--kinds", type=lambda text: text.split(","), required=True, metavar="KIND,KIND")
    parser.add_argument("--methods", nargs="+", required=True, metavar="METHOD")
    parser.add_argument("--limit", type=int, metavar="N", help="only N photographs, evenly from all")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw quality against hints and seconds")
    arguments = parser.parse_args()

    stored = json.loads(arguments.peers.read_text("utf-8"))["results"]
    paths = find_photographs([arguments.photographs], hints=arguments.hints, limit=arguments.limit)
    ours = evaluate(
        paths,
        arguments.kinds,
        arguments.methods,
        hints=arguments.hints,
        callback=lambda score: print(f"{score.photograph}, {score.kind}, {score.method}", file=sys.stderr),
    )
    rivals = rival_scores(stored, ours)
    rows = summarize([*ours, *rivals])
    print(f"{len(paths)} photographs: {', '.join(path.stem for path in paths)}\n")
    print(to_markdown(rows), against_the_best(ours, rivals), sep="\n\n")
    if arguments.plot is not None:
        plot(rows, arguments.plot)


if __name__ == "__main__":
    main()
