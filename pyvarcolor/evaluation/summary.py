"""From scores to a table: means, paired differences and their standard errors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from pyvarcolor.evaluation.run import Score


@dataclass(frozen=True)
class Estimate:
    """A mean over photographs.

    Parameters
    ----------
    mean : float
        The mean.
    error : float or None
        One standard error of it; None for a single photograph, which has none.
    """

    mean: float
    error: float | None

    @classmethod
    def of(cls, values: Iterable[float]) -> Estimate:
        """Estimate the mean of what these values are drawn from.

        Examples
        --------
        >>> print(Estimate.of([27.0, 28.0, 32.0]))
        29.00 ± 1.53
        """
        array = np.array(list(values))
        error = None if array.size == 1 else float(array.std(ddof=1) / np.sqrt(array.size))
        return cls(float(array.mean()), error)

    def __format__(self, spec: str) -> str:
        spec = spec or ".2f"
        return f"{self.mean:{spec}}" + ("" if self.error is None else f" ± {self.error:{spec.lstrip('+')}}")

    def __str__(self) -> str:
        return format(self)


@dataclass(frozen=True)
class Row:
    """What is known of one method with one kind of hints.

    Parameters
    ----------
    kind, method : str
        Of the hints; as it was asked for.
    psnr, ciede2000 : Estimate
        Means over photographs.
    psnr_difference, ciede2000_difference : Estimate or None
        Paired differences to the first method, which has none.
    colourfulness : Estimate or None
        As a multiple of the truth's.
    worse_than_gray : float
        Share (0..1) of results that are farther from the truth than the gray photograph.
    seconds : float or None
        Mean wall time of a whole call of `colorize`.
    converged : float
        Share (0..1) of runs that did not run out of iterations.
    """

    kind: str
    method: str
    psnr: Estimate
    psnr_difference: Estimate | None
    ciede2000: Estimate
    ciede2000_difference: Estimate | None
    colourfulness: Estimate | None
    worse_than_gray: float
    seconds: float | None
    converged: float


def summarize(scores: Sequence[Score]) -> list[Row]:
    """Make a row for each kind of hints and each method.

    Several seeds on one photograph are one mean first: they share the photograph, and would make the error look
    smaller than it is.

    Parameters
    ----------
    scores : sequence of Score
        All methods on the same photographs with the same hints.

    Returns
    -------
    list of Row

    Raises
    ------
    ValueError
        If the methods were not all scored on the same photographs.

    Examples
    --------
    >>> psnr = {("boat", "graph"): 28.0, ("boat", "tv"): 27.0, ("cat", "graph"): 31.0, ("cat", "tv"): 28.0}
    >>> rows = summarize([Score(name, "p10", 0, method, dB, 5.0, 22.0) for (name, method), dB in psnr.items()])
    >>> [(row.method, str(row.psnr), str(row.psnr_difference)) for row in rows]
    [('graph', '29.50 ± 1.50', 'None'), ('tv', '27.50 ± 0.50', '-2.00 ± 1.00')]
    """
    rows = []
    for kind, by_method in group_scores(scores).items():
        first = None
        for method, of_it in by_method.items():
            rows.append(_row(kind, method, of_it, first))
            first = first or of_it
    return rows


def group_scores(scores: Iterable[Score]) -> dict[str, dict[str, list[Score]]]:
    """Sort scores by kind of hints, and these by method, each in the order of its first score.

    Parameters
    ----------
    scores : iterable of Score
        As `pyvarcolor.evaluation.evaluate` returns them.

    Returns
    -------
    dict of dict of list of Score
    """
    groups: dict[str, dict[str, list[Score]]] = {}
    for score in scores:
        groups.setdefault(score.kind, {}).setdefault(score.method, []).append(score)
    return groups


def paired_difference(scores: Sequence[Score], base: Sequence[Score], quantity: str) -> Estimate:
    """Estimate the mean difference of one method to another, photograph by photograph.

    Parameters
    ----------
    scores, base : sequence of Score
        Of the two methods, on the same photographs.
    quantity : str
        A field of `Score`.

    Returns
    -------
    Estimate

    Raises
    ------
    ValueError
        If the photographs differ.
    """
    ours, theirs = _by_photograph(scores, quantity), _by_photograph(base, quantity)
    if ours.keys() != theirs.keys():
        raise ValueError(
            f"{scores[0].method} and {base[0].method} must be scored on the same photographs, but only one is on "
            f"{', '.join(sorted(ours.keys() ^ theirs.keys()))}"
        )
    return Estimate.of(ours[name] - theirs[name] for name in ours)


def to_markdown(rows: Iterable[Row]) -> str:
    """Write rows as a Markdown table.

    Parameters
    ----------
    rows : iterable of Row
        As `summarize` makes them.

    Returns
    -------
    str
    """
    head = (
        "hints", "method", "PSNR (dB)", "difference", "CIEDE2000", "difference", "colourfulness", "worse than gray",
        "seconds",
    )  # fmt: skip
    lines = [head, ("---",) * len(head)]
    for row in rows:
        differences = row.psnr_difference, row.ciede2000_difference
        psnr, ciede2000 = ("" if each is None else f"{each:+.2f}" for each in differences)
        colourfulness = "" if row.colourfulness is None else str(row.colourfulness)
        seconds = "" if row.seconds is None else f"{row.seconds:.3f}"
        lines.append(
            (row.kind, row.method, str(row.psnr), psnr, str(row.ciede2000), ciede2000, colourfulness,
             f"{row.worse_than_gray:.0%}", seconds)
        )  # fmt: skip
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _row(kind: str, method: str, scores: list[Score], first: list[Score] | None) -> Row:
    """Row of one method; `first` is None for the first method itself."""
    seconds = [score.seconds for score in scores if score.seconds is not None]
    colourful = all(score.colourfulness is not None for score in scores)
    return Row(
        kind,
        method,
        psnr=Estimate.of(_by_photograph(scores, "psnr").values()),
        psnr_difference=paired_difference(scores, first, "psnr") if first else None,
        ciede2000=Estimate.of(_by_photograph(scores, "ciede2000").values()),
        ciede2000_difference=paired_difference(scores, first, "ciede2000") if first else None,
        colourfulness=Estimate.of(_by_photograph(scores, "colourfulness").values()) if colourful else None,
        worse_than_gray=float(np.mean([score.worse_than_gray for score in scores])),
        seconds=float(np.mean(seconds)) if seconds else None,
        converged=float(np.mean([score.converged for score in scores])),
    )


def _by_photograph(scores: Iterable[Score], quantity: str) -> dict[str, float]:
    """Mean over the seeds of each photograph."""
    values: dict[str, list[float]] = {}
    for score in scores:
        values.setdefault(score.photograph, []).append(getattr(score, quantity))
    return {name: float(np.mean(of_it)) for name, of_it in values.items()}
