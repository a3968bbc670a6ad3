"""Where to paint next."""

from __future__ import annotations

from numbers import Integral

from numpy.typing import ArrayLike

from pyvarcolor.color import check_photo, lightness_from_gray
from pyvarcolor.hints import Hints
from pyvarcolor.kernels import load
from pyvarcolor.photograph import Photograph


def suggest_strokes(
    gray: ArrayLike,
    strokes_or_hints: ArrayLike | Hints | None = None,
    *,
    count: int = 5,
    backend: str = "auto",
    threads: int | None = None,
) -> list[tuple[int, int]]:
    """Places where a stroke would help most, the best first.

    The Gaussian process of method ``"guess"`` knows how sure it is of each pixel. Each
    place is the one after whose painting the sum of variances over the photograph would be least, given the strokes
    there are and the places before it (A-optimal design [1]_).

    Parameters
    ----------
    gray : (H, W) or (H, W, 1|3|4) array_like
        As in `pyvarcolor.colorize`.
    strokes_or_hints : (H, W, 3|4) array_like of uint8, or Hints, optional
        What is painted already, as in `pyvarcolor.colorize`; None: nothing.
    count : int
        Number of places, at least 1.
    backend, threads
        As in `pyvarcolor.colorize`.

    Returns
    -------
    list of (int, int)
        Row and column of each; fewer on a photograph too small for so many.

    Raises
    ------
    TypeError, ValueError, pyvarcolor.kernels.BackendError
        As in `pyvarcolor.colorize`.

    References
    ----------
    .. [1] D. A. Cohn, "Neural network exploration using optimal experiment design", NIPS 1993.

    Examples
    --------
    >>> import numpy as np
    >>> gray = np.full((60, 90), 90, np.uint8)
    >>> gray[:, 45:] = 180
    >>> left, right = sorted(column for _, column in suggest_strokes(gray, count=2))
    >>> left < 45 <= right
    True
    """
    from pyvarcolor.learned.guess import Guess  # slow to import, both
    from pyvarcolor.strokes.parsing import hints_of

    if not isinstance(count, Integral) or count < 1:
        raise ValueError(f"count must be a whole number, at least 1, but is {count!r}")
    gray = check_photo(gray, "gray")
    photograph = Photograph(lightness_from_gray(gray), load(backend, threads))
    hints = hints_of(strokes_or_hints, gray)
    rows, cols = photograph.made(Guess).most_telling(hints.weight(photograph.lightness.dtype), count)
    return list(dict.fromkeys((int(row), int(col)) for row, col in zip(rows, cols, strict=True)))
