"""What the network says of one photograph and its hints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pyvarcolor.appearance import make_copy, resized, same_place
from pyvarcolor.learned.guess import DEVIATION, Guess
from pyvarcolor.learned.inputs import read_outputs, stack_inputs
from pyvarcolor.learned.network import MULTIPLE, Network, built_in
from pyvarcolor.shading import phi
from pyvarcolor.solvers.kriging import Places

Array = NDArray[np.floating]

SHORT_SIDE = 112
"""Of what the network sees, in pixels: as in training."""

LONG_SIDE = 448


@dataclass(frozen=True)
class Answer:
    """Chroma as the guess and the network expect it, and how surely.

    Parameters
    ----------
    chroma : (h, 2, w) ndarray
        On the copy of `pyvarcolor.appearance`, divided by what shading does to it.
    scale : (m, 2, n) ndarray
        Mean distance of a*, and of b*, that is to be expected from the truth; coarser than the copy.
    unknown : (m, 1, n) ndarray
        How little hints say of a place, 0..1: the standard deviation of the guess over that without hints.
    """

    chroma: Array
    scale: Array
    unknown: Array


def ask(
    lightness: Array,
    hints: Array,
    hint_weight: Array,
    guess: Callable[[], Guess],
    *,
    sites: int = 500,
    network: Network | None = None,
) -> Answer:
    """Show a photograph and its hints to the network.

    Parameters
    ----------
    lightness : (H, W) ndarray
        L*, 0..100.
    hints : (H, 2, W) ndarray
        Prescribed chroma, divided by what shading does to it.
    hint_weight : (H, W) ndarray
        0: no hint; infinity: a hard one. There may be none.
    guess : callable
        Returns the guess for this photograph; called if there are hints.
    sites : int
        How many places, at most, the guess is made from.
    network : Network, optional
        Another than that which comes with the package.

    Returns
    -------
    Answer
    """
    dtype = lightness.dtype
    copy = make_copy(lightness)
    rows, cols = size = working_size(lightness.shape)
    seen = resized(copy[:, None], size)[:, 0]
    shade = phi(seen)
    known, painted = np.zeros(size, dtype), np.zeros((2, *size), dtype)
    guessed, unknown = np.zeros((copy.shape[0], 2, copy.shape[1]), dtype), np.ones((rows // 2, 1, cols // 2), dtype)
    if hint_weight.any():
        known, painted = _cell_means(hints * phi(lightness)[:, None], hint_weight, size)
        guessed = guess().coarse_chroma(hints, hint_weight, sites)
        unknown = guess().share_unknown(hint_weight, _every_second(size, copy.shape))[:, None]
    outputs = (network or built_in()).forward(
        stack_inputs(
            seen,
            painted,
            known,
            (resized(guessed, size) * shade[:, None]).transpose(1, 0, 2),
            DEVIATION * shade * unknown[:, 0].repeat(2, axis=0).repeat(2, axis=1),
        )
    )
    gate, delta, scale = (part.transpose(1, 0, 2) for part in read_outputs(outputs))
    said = resized(gate, copy.shape) * guessed + resized(delta, copy.shape) / phi(copy)[:, None]
    chroma = guessed + resized(unknown, copy.shape) * (said - guessed)  # it is heard as far as the guess is unsure
    return Answer(chroma.astype(dtype), scale.astype(dtype), unknown)


def working_size(shape: tuple[int, ...]) -> tuple[int, int]:
    """Height and width of what the network sees of a photograph.

    Parameters
    ----------
    shape : (int, int)
        Height and width of the photograph.

    Returns
    -------
    (int, int)
        Multiples of `MULTIPLE`.

    Examples
    --------
    >>> working_size((800, 1200)), working_size((1, 5000))
    ((112, 176), (16, 448))
    """
    scale = min(SHORT_SIDE / min(shape), LONG_SIDE / max(shape))
    height, width = (max(round(side * scale / MULTIPLE), 1) * MULTIPLE for side in shape)
    return height, width


def _every_second(size: tuple[int, int], copy: tuple[int, ...]) -> Places:
    """Where every second pixel of a grid of a size, in both directions, lies in the copy."""
    rows, cols = (same_place(np.arange(0, side, 2), side, other) for side, other in zip(size, copy, strict=True))
    down, across = np.meshgrid(rows, cols, indexing="ij")
    return down, across


def _cell_means(chroma: Array, weight: Array, size: tuple[int, int]) -> tuple[Array, Array]:
    """Where hints are (h, w), and their mean a* and b* there (2, h, w), on a grid of another size."""
    rows, cols = np.nonzero(weight)
    cells = same_place(rows, weight.shape[0], size[0]) * size[1] + same_place(cols, weight.shape[1], size[1])
    count = np.bincount(cells, minlength=size[0] * size[1])
    total = [np.bincount(cells, chroma[rows, channel, cols], count.size) for channel in range(2)]
    means = np.stack(total) / np.maximum(count, 1)
    return (count > 0).reshape(size).astype(chroma.dtype), means.reshape(2, *size).astype(chroma.dtype)
