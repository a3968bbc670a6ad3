"""A picture of an evaluation: quality against the number of hints, and against time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pyvarcolor.evaluation.run import POINTS
from pyvarcolor.evaluation.summary import Row

SUFFIXES = (".pdf", ".png", ".svg")
"""Of the files that `plot` writes."""


def plot(rows: Sequence[Row], path: str | Path) -> None:
    """Draw PSNR against the kind of hints, and against seconds where they are known.

    Parameters
    ----------
    rows : sequence of Row
        As `pyvarcolor.evaluation.summarize` makes them.
    path : str or Path
        A .pdf, .png or .svg file to write; it is replaced.

    Raises
    ------
    ValueError
        If it has another suffix.
    OSError
        If it cannot be written.
    """
    from matplotlib.figure import Figure

    check_suffix(path)
    figure = Figure(figsize=(11, 5), layout="constrained")
    by_hints, by_seconds = figure.subplots(1, 2, sharey=True)
    kinds = list(dict.fromkeys(row.kind for row in rows))
    for method in dict.fromkeys(row.method for row in rows):
        own = [row for row in rows if row.method == method]
        points = [row for row in own if POINTS.fullmatch(row.kind)]  # a line leads from number to number
        places, means = [kinds.index(row.kind) for row in points], [row.psnr.mean for row in points]
        (line,) = by_hints.plot(places, means, label=method, marker="o")
        for row in own:
            dot = {"marker": "o", "color": line.get_color()}
            by_hints.plot(kinds.index(row.kind), row.psnr.mean, **dot)
            if row.seconds is not None:
                at = row.seconds, row.psnr.mean
                by_seconds.plot(*at, **dot)
                by_seconds.annotate(row.kind, at, (5, 3), textcoords="offset points", fontsize="small")
    by_hints.set(xlabel="hints", ylabel="PSNR (dB)", xticks=range(len(kinds)), xticklabels=kinds)
    by_seconds.set(xlabel="seconds", xscale="log")
    shortest, longest = by_seconds.get_xlim()
    by_seconds.set_xlim(shortest / 3, longest * 3)  # room for the words, and for the numbers on the axis
    for axes in (by_hints, by_seconds):
        axes.grid(alpha=0.3)
    figure.legend(loc="outside lower center", ncols=4)
    figure.savefig(path, dpi=150)


def check_suffix(path: str | Path) -> None:
    """Raise what `plot` would, before time is spent on what it shows."""
    if Path(path).suffix.lower() not in SUFFIXES:
        raise ValueError(f"a plot must be one of {', '.join(SUFFIXES)}, but is {path}")
