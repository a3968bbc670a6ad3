"""`Photograph`: lightness, the kernels it is solved on, and whatever else is made of it, once."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pyvarcolor.kernels import Kernels

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Photograph:
    """A photograph as solvers see it, and all that depends on nothing else: features, multigrids, a small copy.

    Nothing that hints have a part in is kept here: an answer is the same, to the bit, whatever was solved on the same
    photograph before.

    Parameters
    ----------
    lightness : (H, W) ndarray of float32 or float64
        L*, 0..100.
    kernels : Kernels
        The backend, see `pyvarcolor.kernels.load`.

    Examples
    --------
    >>> import numpy as np
    >>> from pyvarcolor import kernels, methods
    >>> from pyvarcolor.hints import Hints
    >>> photograph = Photograph(np.full((20, 30), 50.0), kernels.load())
    >>> chroma, report = methods.make("graph").solve(photograph, Hints.from_points([(9, 9, (40, 30))], (20, 30)))
    >>> chroma[0, 0].round().tolist(), report.method
    ([40.0, 30.0], 'graph')
    """

    def __init__(self, lightness: NDArray[np.floating], kernels: Kernels) -> None:
        self.lightness = np.ascontiguousarray(lightness)
        self.kernels = kernels
        self._made: dict[Hashable, Any] = {}

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        height, width = self.lightness.shape
        return height, width

    def made(self, make: Callable[Concatenate[Photograph, _P], _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """What ``make(self, *args, **kwargs)`` returns, made once for the same arguments.

        Parameters
        ----------
        make : callable
            A function of a module, or a class: of a lambda there would be a new one each time. What it returns must
            depend on the photograph and the other arguments alone, and behave as if it had just been made.
        *args, **kwargs
            Told apart by their values.

        Returns
        -------
        object
            The same one each time.

        Examples
        --------
        >>> import numpy as np
        >>> from pyvarcolor import kernels
        >>> def brighter(photograph, by): return photograph.lightness + by
        >>> photograph = Photograph(np.zeros((2, 3)), kernels.load())
        >>> photograph.made(brighter, 5) is photograph.made(brighter, 5), photograph.made(brighter, 7).max()
        (True, np.float64(7.0))
        """
        key = make, args, frozenset(kwargs.items())
        if key not in self._made:
            self._made[key] = make(self, *args, **kwargs)
        found: _T = self._made[key]
        return found
