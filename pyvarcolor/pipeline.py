"""`colorize`: from gray and hints to colour, in five steps; `Colorizer` goes through them again for new strokes."""

from __future__ import annotations

import time
import warnings
from collections.abc import Hashable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pyvarcolor import methods
from pyvarcolor.blas import one_blas_thread
from pyvarcolor.color import Array, lightness_from_gray
from pyvarcolor.hints import Hints
from pyvarcolor.kernels import Kernels, load
from pyvarcolor.memory import require_memory
from pyvarcolor.methods import AUTO_PRIOR, Method
from pyvarcolor.result import Callback, Colorization, NotConvergedWarning, SolverReport
from pyvarcolor.shading import fit_hints
from pyvarcolor.spaces import SPACES, Space, space_called
from pyvarcolor.strokes.parsing import hints_of

Expected = tuple[Array, SolverReport]


def colorize(
    gray: ArrayLike,
    strokes_or_hints: ArrayLike | Hints | None = None,
    *,
    method: str = "auto",
    prior: str | Method | None = "auto",
    backend: str = "auto",
    space: str = "lab",
    initial: Colorization | ArrayLike | None = None,
    callback: Callback | None = None,
    threads: int | None = None,
    **options: Any,
) -> Colorization:
    """Colour a photograph from a few strokes, or from none.

    Parameters
    ----------
    gray : (H, W) or (H, W, 1|3|4) array_like
        The photograph, sRGB-encoded: uint8, uint16, or float in 0..1. A tinted or colour scan is reduced to its
        lightness.
    strokes_or_hints : (H, W, 3|4) array_like of uint8, or Hints, optional
        Strokes painted on black, on a transparent layer or over a copy of the photograph (see
        `pyvarcolor.strokes.parsing.parse_strokes`), or hints. Without any the answer is that of the prior.
    method : str
        How colour is spread: one of `pyvarcolor.methods.names`, or ``"auto"`` for the best measured one.
    prior : str or Method or None
        What is expected where strokes say nothing, from which the method spreads the departure of the strokes: the
        answer of another method, such as ``"network"`` or ``"network:boost=1.2"`` (see `pyvarcolor.methods.prior_of`);
        ``"none"``; or ``"auto"``: the network's for ``method="auto"``, else none.
    backend : {"auto", "cpp", "numba"}
        Which kernels to run on; ``"auto"`` is C++ where it was built.
    space : {"lab", "oklab", "ycbcr"}
        In which chroma colour is spread. Whatever the space, L* is kept.
    initial : Colorization or (H, W, 2) ndarray, optional
        Where the solver starts: an earlier result, or a* and b*. An unconvincing colouring is a starting point.
    callback : callable, optional
        Gets a `Progress` every now and then; ``raise StopIteration`` in it stops and keeps what there is.
    threads : int, optional
        Threads to use; if left out, and at most, one a processor (see `pyvarcolor.kernels.load`). The result does not
        depend on it.
    **options
        Options of the method: the fields of its class, see `pyvarcolor.methods.get`.

    Returns
    -------
    Colorization
        `rgb` in the dtype of `gray`, `chroma`, the fraction `moved` into the gamut, and the solver's `report`.

    Raises
    ------
    TypeError
        If `gray` has another dtype, or the method no such option.
    ValueError
        If shapes do not match, a value is out of its range, or there is no hint where one is needed.
    MemoryError
        If the solver would need more memory than is free; see `colorize_tiles`.
    pyvarcolor.kernels.BackendError
        If the backend is not part of this installation.

    Warns
    -----
    NotConvergedWarning
        If the solver ran out of iterations; the result is kept.

    Examples
    --------
    >>> import numpy as np
    >>> from pyvarcolor import Hints, colorize
    >>> gray = np.full((20, 30), 128, np.uint8)
    >>> result = colorize(gray, Hints.from_points([(10, 15, (40, 30))], gray.shape))
    >>> result.rgb.shape, result.rgb.dtype, result.rgb[10, 15].tolist()
    ((20, 30, 3), dtype('uint8'), [201, 97, 79])
    """
    colorizer = Colorizer(gray, method=method, prior=prior, backend=backend, space=space, threads=threads, **options)
    return colorizer._answer(strokes_or_hints, False, initial, callback)


class Colorizer:
    """A photograph that is coloured again and again, for strokes that come and go.

    What depends on the photograph alone is made once, and each quadratic solution (the answer of ``"graph"``, the start
    of ``"tv"`` and ``"tgv"``) starts from the one before. Not for several threads at once.

    Parameters
    ----------
    gray, method, prior, backend, space, threads, **options
        As in `colorize`.

    Raises
    ------
    TypeError, ValueError, pyvarcolor.kernels.BackendError
        As in `colorize`.

    Examples
    --------
    >>> import numpy as np
    >>> from pyvarcolor import Colorizer, Hints
    >>> colorizer = Colorizer(np.full((20, 30), 128, np.uint8))
    >>> strokes = [(10, 15, (40, 30))]
    >>> first = colorizer.update(Hints.from_points(strokes, (20, 30)), preview=True)
    >>> strokes.append((10, 25, (-30, 30)))
    >>> result = colorizer.update(Hints.from_points(strokes, (20, 30)))
    >>> result.chroma[10, [15, 25], 0].round().tolist()
    [40.0, -30.0]
    """

    def __init__(
        self,
        gray: ArrayLike,
        *,
        method: str = "auto",
        prior: str | Method | None = "auto",
        backend: str = "auto",
        space: str = "lab",
        threads: int | None = None,
        **options: Any,
    ) -> None:
        self._gray = np.asarray(gray)
        self._space = space_called(space)
        self._method = methods.make(method, **options)
        self._draft = methods.make(method, **{**options, **self._method.draft})
        self._prior = methods.prior_of(method, prior)
        if self._method.lab_only and self._space is not SPACES["lab"]:
            raise ValueError(f"space must be 'lab' with method {self._method.name!r}, but is {space!r}")
        if self._prior is not None and not self._method.needs_hints:
            raise ValueError(f"prior must be 'none' with method {self._method.name!r}, but is {prior!r}")
        self._lightness = np.ascontiguousarray(lightness_from_gray(gray))
        self._backend = backend, threads
        self._kept: dict[Hashable, Any] = {}
        self._expected: Expected | None = None

    def update(
        self,
        strokes_or_hints: ArrayLike | Hints | None = None,
        *,
        preview: bool = False,
        initial: Colorization | ArrayLike | None = None,
        callback: Callback | None = None,
    ) -> Colorization:
        """Colour the photograph from these strokes.

        Parameters
        ----------
        strokes_or_hints, callback
            As in `colorize`: all strokes there are, not only what is new.
        preview : bool
            A first answer while a stroke is being drawn: near, and soon there.
        initial : Colorization or (H, W, 2) ndarray, optional
            Where the solver starts; if left out, from what it keeps of the answer before.

        Returns
        -------
        Colorization

        Raises
        ------
        ValueError
            If shapes do not match, or there is no hint.

        Warns
        -----
        NotConvergedWarning
            If the solver ran out of iterations; the result is kept.
        """
        return self._answer(strokes_or_hints, preview, initial, callback)

    @one_blas_thread
    def _answer(
        self,
        given: ArrayLike | Hints | None,
        preview: bool,
        initial: Colorization | ArrayLike | None,
        callback: Callback | None,
    ) -> Colorization:
        lightness = self._lightness
        hints = fit_hints(hints_of(given, self._gray), lightness)
        kernels = load(*self._backend)
        if not self._kept:
            height, width = lightness.shape
            numbers = max(each.numbers for each in (self._method, self._prior) if each is not None)
            require_memory(
                numbers * lightness.nbytes,
                f"method {self._method.name!r} on {width} x {height} pixels",
                "colour it in tiles (colorize_tiles; --tile), or a smaller copy",
            )
        started = time.perf_counter()
        expected = self._expect(hints, kernels, preview)
        if expected is not None and hints.count == 0:
            chroma, report = expected
        else:
            how = {} if expected is None else {"prior": self._space.from_lab(lightness, expected[0])}
            spread, report = (self._draft if preview else self._method).solve(
                lightness,
                _hints_in(self._space, hints, lightness),
                kernels=kernels,
                initial=_start_in(self._space, initial, lightness),
                callback=callback,
                kept=self._kept,
                **how,
            )
            chroma = self._space.to_lab(lightness, spread)
        report = replace(report, seconds=time.perf_counter() - started)
        if report.stopped_by == "max_iter":
            warnings.warn(
                f"{report.method} stopped at max_iter = {report.iterations} while the colour still moved by "
                f"{report.change[-1]:.2g} since the last look: raise max_iter or tol, or go on from this result "
                f"(initial)",
                NotConvergedWarning,
                stacklevel=4,  # past the decorator
            )
        dtype = self._gray.dtype
        rgb = np.empty((*lightness.shape, 3), dtype if dtype.kind == "u" else lightness.dtype)
        moved = kernels.encode_rgb(lightness, np.ascontiguousarray(chroma.transpose(0, 2, 1), lightness.dtype), rgb)
        from pyvarcolor.learned.doubt import OfGuess, OfNetwork  # which needs a part of SciPy that is slow to import

        doubt = OfNetwork if AUTO_PRIOR in (self._method.name, getattr(self._prior, "name", "")) else OfGuess
        return Colorization(
            rgb.astype(dtype, copy=False),
            chroma,
            moved / lightness.size,
            report,
            doubt(lightness, hints, partial(load, *self._backend)),
        )

    def _expect(self, hints: Hints, kernels: Kernels, preview: bool) -> Expected | None:
        """The prior's answer; in a preview of strokes the last one, if there is one."""
        if self._prior is not None and not (preview and hints.count and self._expected):
            self._expected = self._prior.solve(self._lightness, hints, kernels=kernels, kept=self._kept)
        return self._expected


def _hints_in(space: Space, hints: Hints, lightness: Array) -> Hints:
    """The same hints with their chroma in another space."""
    if space is SPACES["lab"]:
        return hints
    chroma = np.zeros_like(hints.chroma)
    chroma[hints.mask] = space.from_lab(lightness[hints.mask], hints.chroma[hints.mask])
    return Hints(hints.mask, chroma, hints.confidence)


def _start_in(space: Space, initial: Colorization | ArrayLike | None, lightness: Array) -> Array | None:
    """Chroma to start from, in the solver's space."""
    if initial is None:
        return None
    chroma = np.asarray(initial.chroma if isinstance(initial, Colorization) else initial, lightness.dtype)
    if chroma.shape != (*lightness.shape, 2):
        raise ValueError(f"initial must have shape {(*lightness.shape, 2)}, but has shape {chroma.shape}")
    if not np.isfinite(chroma).all():
        raise ValueError("initial must be finite, but holds NaN or infinity")
    return space.from_lab(lightness, chroma)
