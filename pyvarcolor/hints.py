"""Hints: the pixels whose chroma is prescribed. All that a solver sees of a person's strokes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import DTypeLike, NDArray

LARGEST = 1000.0  # of a* and b*, far beyond any colour; a solver's float32 copes with it

Point = tuple[float, float, tuple[float, float]]


@dataclass(frozen=True, eq=False)
class Hints:
    """Pixels with prescribed chroma.

    A hint of chroma (0, 0) is a hint too: "this is gray".

    Parameters
    ----------
    mask : (H, W) ndarray of bool
        True where the chroma is prescribed.
    chroma : (H, W, 2) ndarray
        a* and b* of CIE Lab (D65), as float32; read where `mask` is True, zero elsewhere.
    confidence : (H, W) ndarray, optional
        How sure each hint is, in (0, 1] where `mask` is True; None stands for 1 everywhere. A hint below 1
        pulls softly instead of binding.

    Raises
    ------
    ValueError
        If shapes do not match, or a value is not finite or out of range.

    Examples
    --------
    >>> import numpy as np
    >>> mask = np.zeros((4, 6), bool)
    >>> mask[1, 2] = True
    >>> chroma = np.zeros((4, 6, 2))
    >>> chroma[1, 2] = 20, 15
    >>> Hints(mask, chroma)
    Hints(1 of 24 pixels, 4.17 %)
    """

    mask: NDArray[np.bool_]
    chroma: NDArray[np.float32]
    confidence: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        mask = np.array(self.mask, order="C")
        if mask.ndim != 2 or mask.dtype != np.bool_:
            raise ValueError(f"hints.mask must be a bool array of shape (H, W), but is {mask.dtype} {mask.shape}")
        given = np.asarray(self.chroma)
        if given.shape != (*mask.shape, 2):
            raise ValueError(
                f"hints.chroma must have shape (H, W, 2) matching mask {mask.shape}, but has shape {given.shape}"
            )
        at = np.flatnonzero(mask)  # much faster than the mask itself
        held = given.reshape(-1, 2)[at].astype(np.float32)
        if not np.isfinite(held).all():
            raise ValueError("hints.chroma must be finite at every hint, but holds NaN or infinity")
        if np.abs(held).max(initial=0) > LARGEST:
            raise ValueError(
                f"hints.chroma must lie in -{LARGEST:g}..{LARGEST:g} at every hint, but is "
                f"{held.ravel()[np.abs(held).argmax()]:g} at one"
            )
        chroma = np.zeros((*mask.shape, 2), np.float32)
        chroma.reshape(-1, 2)[at] = held
        confidence = None
        if self.confidence is not None:
            given = np.asarray(self.confidence)
            if given.shape != mask.shape:
                raise ValueError(
                    f"hints.confidence must have the shape of mask {mask.shape}, but has shape {given.shape}"
                )
            held = given.reshape(-1)[at].astype(np.float32)
            wrong = ~((held > 0) & (held <= 1))
            if wrong.any():
                raise ValueError(f"hints.confidence must lie in (0, 1] at every hint, but is {held[wrong][0]:g} at one")
            confidence = np.zeros(mask.shape, np.float32)
            confidence.reshape(-1)[at] = held
        for name, array in (("mask", mask), ("chroma", chroma), ("confidence", confidence)):
            if array is not None:
                array.setflags(write=False)
            object.__setattr__(self, name, array)

    def __repr__(self) -> str:
        return f"Hints({self.count} of {self.mask.size} pixels, {100 * self.share:.2f} %)"

    @property
    def count(self) -> int:
        """Number of hint pixels."""
        return int(self.mask.sum())

    @property
    def share(self) -> float:
        """Fraction of pixels that are hints, 0..1."""
        return self.count / max(self.mask.size, 1)

    @cached_property
    def strokes(self) -> NDArray[np.intp]:
        """Number, from 1 on, of the connected patch of one colour that each hint, in reading order, belongs to."""
        from skimage.measure import label

        at = np.flatnonzero(self.mask)
        colors = np.full(self.mask.shape, -1)  # a* and b* as the bits of one integer, which -1 (twice NaN) never is
        colors.reshape(-1)[at] = (self.chroma.reshape(-1, 2)[at] + 0).view(np.int64)[:, 0]  # + 0: there is one zero
        patches: NDArray[np.intp] = label(colors, background=-1, connectivity=2)  # type: ignore[no-untyped-call]
        return patches.reshape(-1)[at]

    def weight(self, dtype: DTypeLike = np.float32, most: float = np.inf) -> NDArray[np.floating]:
        """What each hint weighs in an energy.

        Parameters
        ----------
        dtype : dtype
            float32 or float64.
        most : float
            Weight of a sure hint; infinity: it is met exactly.

        Returns
        -------
        (H, W) ndarray
            0 where there is no hint; confidence c gives c times `most`, or c / (1 - c) where that is infinite.

        Examples
        --------
        >>> import numpy as np
        >>> Hints(np.array([[True, True, False]]), np.zeros((1, 3, 2)), np.array([[1, 0.5, 0]])).weight().tolist()
        [[inf, 1.0, 0.0]]
        """
        share = self.mask if self.confidence is None else self.confidence
        with np.errstate(divide="ignore", invalid="ignore"):
            weight = share / (1 - share.astype(np.float64)) if np.isinf(most) else most * share.astype(np.float64)
        return weight.astype(dtype)

    @classmethod
    def none(cls, shape: tuple[int, ...]) -> Hints:
        """No hint at all.

        Parameters
        ----------
        shape : (int, int)
            Height and width of the photograph.

        Returns
        -------
        Hints

        Examples
        --------
        >>> Hints.none((4, 6))
        Hints(0 of 24 pixels, 0.00 %)
        """
        height, width = shape[:2]
        return cls(np.zeros((height, width), np.bool_), np.zeros((height, width, 2), np.float32))

    @classmethod
    def from_points(cls, points: Iterable[Point], shape: tuple[int, int], *, radius: int = 1) -> Hints:
        """Make hints from single points.

        Parameters
        ----------
        points : iterable of (row, column, (a, b))
            Places in pixels and their a*, b*; later points paint over earlier ones.
        shape : (int, int)
            Height and width of the photograph.
        radius : int
            Each point marks a square of 2 radius + 1 pixels, cut at the border.

        Returns
        -------
        Hints

        Raises
        ------
        ValueError
            If a point lies outside the photograph, or there is none.

        Examples
        --------
        >>> Hints.from_points([(5, 5, (20, 15)), (12, 30, (-10, 25))], (20, 40))
        Hints(18 of 800 pixels, 2.25 %)
        """
        height, width = shape
        mask = np.zeros(shape, np.bool_)
        chroma = np.zeros((height, width, 2), np.float32)
        for row, column, ab in points:
            if not (0 <= row < height and 0 <= column < width):
                raise ValueError(
                    f"points must lie inside the photograph ({height}, {width}), but one is at ({row}, {column})"
                )
            window = np.s_[
                max(int(row) - radius, 0) : int(row) + radius + 1,
                max(int(column) - radius, 0) : int(column) + radius + 1,
            ]
            mask[window] = True
            chroma[window] = ab
        if not mask.any():
            raise ValueError("points must hold at least one point, but is empty")
        return cls(mask, chroma)
