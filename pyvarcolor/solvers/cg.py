"""Preconditioned conjugate gradients (Hestenes and Stiefel 1952) on images, each channel with steps of its own."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

_ROUNDING = 1e-24


class ConjugateGradients:
    """A x = b with A symmetric and positive semidefinite, to be gone on with as often as one likes.

    Parameters
    ----------
    apply : callable
        Returns A d.
    precondition : callable
        Returns nearly A^-1 r, in memory of its own.
    x : (H, C, W) ndarray
        Where to start; it is moved in place.
    residual : (H, C, W) ndarray
        b - A x; it is moved in place.
    scale : (C,) ndarray, optional
        A squared residual, as the preconditioner measures it, of which 1e-24 is rounding: a channel that has come so
        far stands still, for rounding would push about what no equation reaches. The first residual, if left out.

    Attributes
    ----------
    gain : float
        By how much 1/2 <x, A x> - <b, x> has fallen since the start.

    Examples
    --------
    >>> import numpy as np
    >>> a, b = np.array([1.0, 2.0, 4.0]), np.array([[[3.0, 2.0, 4.0]]])
    >>> solver = ConjugateGradients(lambda d: a * d, lambda r: r.copy(), np.zeros((1, 1, 3)), b.copy())
    >>> solver.advance(3)
    >>> solver.x.round(9).tolist(), round(solver.gain, 9)
    ([[[3.0, 1.0, 1.0]]], 7.5)
    """

    def __init__(
        self,
        apply: Callable[[Array], Array],
        precondition: Callable[[Array], Array],
        x: Array,
        residual: Array,
        scale: Array | None = None,
    ) -> None:
        self.x, self.residual, self.gain = x, residual, 0.0
        self._apply, self._precondition = apply, precondition
        self._direction = precondition(residual)
        self._rho = dot(residual, self._direction)
        self._rest = _ROUNDING * (self._rho if scale is None else scale)

    def advance(self, n: int) -> None:
        """n more iterations."""
        for _ in range(n):
            image = self._apply(self._direction)
            step = self._ratio(self._rho, dot(self._direction, image))
            self.gain += 0.5 * float((step * self._rho).sum())
            self.x += scaled(step, self._direction)
            self.residual -= scaled(step, image)
            z = self._precondition(self.residual)
            previous, self._rho = self._rho, dot(self.residual, z)
            self._direction = z + scaled(self._ratio(self._rho, previous), self._direction)

    def _ratio(self, a: Array, b: Array) -> Array:
        return np.divide(a, b, out=np.zeros_like(a), where=self._rho > self._rest)


def dot(x: Array, y: Array) -> NDArray[np.float64]:
    """Inner product of each channel (C,) of two images (H, C, W), in float64."""
    product: NDArray[np.float64] = np.einsum("icj,icj->ic", x, y).sum(axis=0, dtype=np.float64)
    return product


def scaled(factor: Array, x: Array) -> Array:
    """Each channel by its factor."""
    return factor.astype(x.dtype)[:, None] * x
