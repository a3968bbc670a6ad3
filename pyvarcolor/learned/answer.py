"""What the network says of one photograph and its hints."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pyvarcolor.learned.appearance import copy_of, resized, same_place
from pyvarcolor.learned.guess import DEVIATION, Guess
from pyvarcolor.learned.inputs import read_outputs, stack_inputs
from pyvarcolor.learned.network import MULTIPLE, Network, built_in
from pyvarcolor.photograph import Photograph
from pyvarcolor.shading import phi
from pyvarcolor.solvers.kriging import Places

Array = NDArray[np.floating]

VIEWS = (112, False), (80, True)
"""Short sides of what the network sees, in pixels, and whether it is mirrored: a second view from further away."""

LONGEST = 4
"""times as long as the short side, at most, is the long one."""


@dataclass(frozen=True)
class Answer:
    """Chroma as the guess and the network expect it, and how surely.

    Parameters
    ----------
    chroma : (h, 2, w) ndarray
        On the copy of `pyvarcolor.learned.appearance`, divided by what shading does to it.
    scale : (m, 2, n) ndarray
        Mean distance of a*, and of b*, that is to be expected from the truth; coarser than the copy.
    unknown : (m, 1, n) ndarray
        How little hints say of a place, 0..1: the standard deviation of the guess over that without hints.
    """

    chroma: Array
    scale: Array
    unknown: Array


def ask(
    photograph: Photograph,
    hints: Array,
    hint_weight: Array,
    *,
    sites: int = 500,
    network: Network | None = None,
) -> Answer:
    """Show a photograph and its hints to the network.

    Parameters
    ----------
    photograph : Photograph
        Its copy is seen; if there are hints, its guess is made.
    hints : (H, 2, W) ndarray
        Prescribed chroma, divided by what shading does to it.
    hint_weight : (H, W) ndarray
        0: no hint; infinity: a hard one. There may be none.
    sites : int
        How many places, at most, the guess is made from.
    network : Network, optional
        Another than that which comes with the package.

    Returns
    -------
    Answer
    """
    lightness, copy = photograph.lightness, photograph.made(copy_of)
    size = working_size(lightness.shape)
    half = size[0] // 2, size[1] // 2
    guessed, unknown = np.zeros((len(copy), 2, copy.shape[1]), copy.dtype), np.ones((half[0], 1, half[1]), copy.dtype)
    rows, cols = np.nonzero(hint_weight)
    confidence = np.maximum(1 - 1 / (1 + hint_weight[rows, cols]), np.finfo(copy.dtype).tiny)
    painted = hints[rows, :, cols] * phi(lightness[rows, cols])[:, None]
    if len(painted):
        guess = photograph.made(Guess)
        guessed = guess.coarse_chroma(hints, hint_weight, sites)
        unknown = guess.share_unknown(hint_weight, _every_second(size, copy.shape))[:, None]

    def view(short_side: int, mirrored: bool) -> Array:
        """What the network says at this size, (m, 5, n)."""
        size = working_size(lightness.shape, short_side)
        seen = resized(copy[:, None], size)[:, 0]
        sure, means = _cell_means(painted, confidence, (rows, cols), lightness.shape, size)
        expected = (resized(guessed, size) * phi(seen)[:, None]).transpose(1, 0, 2)
        deviation = DEVIATION * phi(seen) * resized(unknown, size)[:, 0]
        inputs = stack_inputs(seen, means, sure, expected, deviation)
        across = slice(None, None, -1 if mirrored else 1)
        outputs = (network or built_in()).forward(np.ascontiguousarray(inputs[..., across]))
        return resized(np.concatenate(read_outputs(outputs))[..., across].transpose(1, 0, 2), half)

    gate, delta, scale = np.split(np.mean([view(*each) for each in VIEWS], axis=0), (1, 3), axis=1)
    said = resized(gate, copy.shape) * guessed + resized(delta, copy.shape) / phi(copy)[:, None]
    chroma = guessed + resized(unknown, copy.shape) * (said - guessed)  # it is heard as far as the guess is unsure
    return Answer(chroma.astype(copy.dtype), scale.astype(copy.dtype), unknown)


def working_size(shape: tuple[int, ...], short_side: int = VIEWS[0][0]) -> tuple[int, int]:
    """Height and width of what the network sees of a photograph.

    Parameters
    ----------
    shape : (int, int)
        Height and width of the photograph.
    short_side : int
        How many pixels its short side has there.

    Returns
    -------
    (int, int)
        Multiples of `MULTIPLE`.

    Examples
    --------
    >>> working_size((800, 1200)), working_size((1, 5000))
    ((112, 176), (16, 448))
    """
    scale = short_side * min(1 / min(shape), LONGEST / max(shape))
    height, width = (max(round(side * scale / MULTIPLE), 1) * MULTIPLE for side in shape)
    return height, width


def _every_second(size: tuple[int, int], copy: tuple[int, ...]) -> Places:
    """Where every second pixel of a grid of a size, in both directions, lies in the copy."""
    rows, cols = (same_place(np.arange(0, side, 2), side, other) for side, other in zip(size, copy, strict=True))
    down, across = np.meshgrid(rows, cols, indexing="ij")
    return down, across


def _cell_means(
    chroma: Array, confidence: Array, places: Places, shape: tuple[int, ...], size: tuple[int, int]
) -> tuple[Array, Array]:
    """How sure hints are (h, w), and that times their mean a* and b* (2, h, w), on a grid of another size.

    Hints have `chroma` (n, 2) and `confidence` (n,) at `places`, rows and columns of a photograph of a shape.
    """
    row, col = (same_place(at, side, other) for at, side, other in zip(places, shape, size, strict=True))
    cells = row * size[1] + col
    surest = np.zeros(size[0] * size[1], chroma.dtype)
    np.maximum.at(surest, cells, confidence)
    share = confidence / np.bincount(cells, confidence)[cells]
    means = np.stack([np.bincount(cells, share * channel, surest.size) for channel in chroma.T])
    return surest.reshape(size), (surest * means).reshape(2, *size).astype(chroma.dtype)
