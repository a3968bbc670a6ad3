"""What `pyvarcolor evaluate` measures, of our methods and of their rivals, as Markdown tables.

    python benchmarks/quality.py PHOTOGRAPHS --hints HINTS --kinds p10,p50 --methods auto tgv:alpha0=5 --rivals fbs

Rivals are measured in the same run (those of `benchmarks/rivals`), or join by the scores that they have on the same
stored hints at full size: `--peers PEERS`, a JSON file {"results": {RIVAL: {KIND: {NAME: [PSNR, CIEDE2000]}}}}; a third
number, where it is known, is seconds. The second table holds each method against the rival that is the best on average
for the kind of hints: paired differences ± one standard error.

With `--one-megapixel` all seconds, in the table and the plot, are those of `speed_table.py`, at that size.
"""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import rivals
from speed_table import time_at_one_megapixel

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


def stored_scores(stored: Stored, measured: list[Score]) -> list[Score]:
    """Scores of stored rivals on each photograph and kind of hints of those measured."""
    gray = {(score.kind, score.photograph): score.gray_psnr for score in measured}
    scores = []
    for rival, by_kind in stored.items():
        for (kind, name), gray_psnr in gray.items():
            try:
                psnr, ciede2000, *seconds = by_kind[kind][name]
            except KeyError:
                raise ValueError(
                    f"PEERS must hold a score for each photograph, but {rival} has none on {name}, {kind}"
                ) from None
            # their gray is rounded differently, by up to 0.015 dB: gray itself must not be worse than gray
            scores.append(Score(name, kind, None, rival, psnr, ciede2000, gray_psnr - 0.02, None, *seconds))
    return scores


def against_the_best(ours: list[Score], theirs: list[Score]) -> str:
    """Table of paired differences of our methods to the best rival for each kind of hints."""
    lines = [
        "| hints | method | best rival | PSNR (dB) | best rival | CIEDE2000 | in % |",
        "|---|---|---|---|---|---|---|",
    ]
    rivals_of = group_scores(theirs)
    for kind, by_method in group_scores(ours).items():
        by_psnr = max(rivals_of[kind].values(), key=lambda scores: fmean(score.psnr for score in scores))
        by_colour = min(rivals_of[kind].values(), key=lambda scores: fmean(score.ciede2000 for score in scores))
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
    parser.add_argument("--kinds", type=lambda text: text.split(","), required=True, metavar="KIND,KIND")
    parser.add_argument("--methods", nargs="+", required=True, metavar="METHOD")
    parser.add_argument("--rivals", nargs="+", default=[], choices=rivals.RIVALS, help="to be measured")
    parser.add_argument("--peers", type=Path, metavar="PEERS", help="stored scores of those that are not measured")
    parser.add_argument("--limit", type=int, metavar="N", help="only N photographs, evenly from all")
    parser.add_argument("--threads", type=int, metavar="N", help="of our methods; all that there are if left out")
    parser.add_argument("--one-megapixel", action="store_true", help="take the seconds at that size")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw quality against hints and seconds")
    arguments = parser.parse_args()
    if not arguments.rivals and arguments.peers is None:
        parser.error("--rivals or --peers must be given")

    rivals.enter()
    stored = {} if arguments.peers is None else json.loads(arguments.peers.read_text("utf-8"))["results"]
    paths = find_photographs([arguments.photographs], hints=arguments.hints, limit=arguments.limit)
    measured = evaluate(
        paths,
        arguments.kinds,
        [*arguments.methods, *arguments.rivals],
        hints=arguments.hints,
        threads=arguments.threads,
        callback=lambda score: print(f"{score.photograph}, {score.kind}, {score.method}", file=sys.stderr),
    )
    ours = [score for score in measured if score.method not in arguments.rivals]
    theirs = [score for score in measured if score.method in arguments.rivals]
    unmeasured = {rival: scores for rival, scores in stored.items() if rival not in arguments.rivals}
    theirs += stored_scores(unmeasured, ours)
    rows = summarize([*ours, *theirs])
    if arguments.one_megapixel:
        timings = time_at_one_megapixel([*arguments.methods, *arguments.rivals], arguments.threads)
        seconds = {text: timing.seconds for text, timing in timings.items()}
        rows = [replace(row, seconds=seconds.get(row.method)) for row in rows]
    print(f"{len(paths)} photographs: {', '.join(path.stem for path in paths)}\n")
    print(to_markdown(rows), against_the_best(ours, theirs), sep="\n\n")
    if arguments.plot is not None:
        plot(rows, arguments.plot)


if __name__ == "__main__":
    main()
