"""`colorize`: from gray and strokes to colour, in five steps; `Colorizer` goes through them again for new strokes."""

from __future__ import annotations

import warnings
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from pyvarcolor.color import Array, lightness_from_gray
from pyvarcolor.hints import Hints
from pyvarcolor.kernels import load
from pyvarcolor.kernels.blas import one_blas_thread
from pyvarcolor.memory import require_memory
from pyvarcolor.photograph import Photograph
from pyvarcolor.recipe import Prior, Recipe
from pyvarcolor.result import Callback, Colorization, Expected, NotConvergedWarning, WarmStart
from pyvarcolor.shading import fit_hints


def colorize(
    gray: ArrayLike,
    strokes_or_hints: ArrayLike | Hints | None = None,
    *,
    method: str | Recipe = "auto",
    prior: Prior = "auto",
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
    method : str or Recipe
        How colour is spread: one of `pyvarcolor.methods.names`, or ``"auto"`` for the best measured one. Or a recipe,
        which has a prior, a space and options already.
    prior : str or Method or Recipe or array_like or Colorization or None
        What is expected where strokes say nothing, from which the method spreads the departure of the strokes: the
        answer of another method, such as ``"network"`` or ``"network:boost=1.2"``; chroma (H, W, 2) from elsewhere,
        alone or as a pair with its confidence; ``"none"``; or ``"auto"``: what the method usually has, such as the
        network's answer for ``method="auto"``. See `pyvarcolor.recipe.Recipe.of`.
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
    return _warned(colorizer._color(strokes_or_hints, False, initial, callback))


class Colorizer:
    """A photograph that is coloured again and again, for strokes that come and go.

    What depends on the photograph alone is made once, and each quadratic solution (the answer of ``"graph"``, the start
    of ``"tv"`` and ``"tgv"``) starts from the one before, so that it may differ from that of `colorize` by as much as
    solvers leave to do. Not for several threads at once.

    Parameters
    ----------
    gray, method, prior, backend, space, threads, **options
        As in `colorize`.

    Raises
    ------
    TypeError, ValueError, MemoryError, pyvarcolor.kernels.BackendError
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
        method: str | Recipe = "auto",
        prior: Prior = "auto",
        backend: str = "auto",
        space: str = "lab",
        threads: int | None = None,
        **options: Any,
    ) -> None:
        self._recipe = Recipe.of(method, prior=prior, space=space, **options)
        self._gray = np.asarray(gray)
        self._photograph = Photograph(lightness_from_gray(gray), load(backend, threads))
        self._expected: Expected | None = None
        self._warm = WarmStart()
        height, width = self._photograph.shape
        require_memory(
            self._recipe.peak_floats_per_pixel * self._photograph.lightness.nbytes,
            f"method {self._recipe.method.name!r} on {width} x {height} pixels",
            "colour it in tiles (colorize_tiles; --tile), or a smaller copy",
        )

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
        return _warned(self._color(strokes_or_hints, preview, initial, callback))

    @one_blas_thread
    def _color(
        self,
        strokes: ArrayLike | Hints | None,
        preview: bool,
        initial: Colorization | ArrayLike | None,
        callback: Callback | None,
    ) -> Colorization:
        gray, photograph, recipe = self._gray, self._photograph, self._recipe.draft if preview else self._recipe
        expect = partial(self._expect, recipe, preview)
        solve = partial(recipe.solve, initial=_start(initial, photograph), callback=callback, warm=self._warm)

        hints = fit(strokes, gray, photograph)
        expected = expect(photograph, hints)
        chroma, report = solve(photograph, hints, expected)
        rgb, moved = encode(photograph, chroma, gray.dtype)
        return Colorization(rgb, chroma, moved, report, recipe.doubt(photograph, hints))

    def _expect(self, recipe: Recipe, preview: bool, photograph: Photograph, hints: Hints) -> Expected | None:
        """What the recipe expects; in a preview of strokes still what was expected before, if something was."""
        if not (preview and hints.count and self._expected):
            self._expected = recipe.expect(photograph, hints)
        return self._expected


def fit(strokes: ArrayLike | Hints | None, gray: NDArray[Any], photograph: Photograph) -> Hints:
    """Hints of a photograph from strokes, each as vivid as the lightness under it lets it be.

    Parameters
    ----------
    strokes : (H, W, 3|4) array_like of uint8, or Hints, or None
        As in `colorize`.
    gray : (H, W) or (H, W, 1|3|4) ndarray
        The photograph as it was given, to tell what is painted on a copy of it.
    photograph : Photograph
        The same.

    Returns
    -------
    Hints

    Raises
    ------
    ValueError
        If strokes have another size, or cannot be told from the photograph.
    """
    from pyvarcolor.strokes.parsing import hints_of  # which reads all kinds of pictures, and is slow to import

    return fit_hints(hints_of(strokes, gray), photograph.lightness)


def encode(photograph: Photograph, chroma: Array, dtype: DTypeLike) -> tuple[NDArray[Any], float]:
    """Join lightness and chroma to sRGB, each colour brought into the gamut at the same hue and L*.

    Parameters
    ----------
    photograph : Photograph
        What has the lightness.
    chroma : (H, W, 2) ndarray
        a* and b*.
    dtype : dtype
        uint8, uint16, or a float: 0..1.

    Returns
    -------
    rgb : (H, W, 3) ndarray
        sRGB, in `dtype`.
    moved : float
        Fraction of the pixels (0..1) whose chroma was too large for the gamut.
    """
    dtype, lightness = np.dtype(dtype), photograph.lightness
    rgb = np.empty((*lightness.shape, 3), dtype if dtype.kind == "u" else lightness.dtype)
    planes = np.ascontiguousarray(chroma.transpose(0, 2, 1), lightness.dtype)
    moved = photograph.kernels.encode_rgb(lightness, planes, rgb)
    return rgb.astype(dtype, copy=False), moved / lightness.size


def _warned(result: Colorization) -> Colorization:
    """The result; the caller of the public function that calls this is warned if its solver did not converge."""
    report = result.report
    if report.stopped_by == "max_iter":
        warnings.warn(
            f"{report.method} stopped at max_iter = {report.iterations} while the colour still moved by "
            f"{report.change[-1]:.2g} since the last look: raise max_iter or tol, or go on from this result "
            f"(initial)",
            NotConvergedWarning,
            stacklevel=3,
        )
    return result


def _start(initial: Colorization | ArrayLike | None, photograph: Photograph) -> Array | None:
    """Chroma to start from."""
    if initial is None:
        return None
    lightness = photograph.lightness
    chroma = np.asarray(initial.chroma if isinstance(initial, Colorization) else initial, lightness.dtype)
    if chroma.shape != (*lightness.shape, 2):
        raise ValueError(f"initial must have shape {(*lightness.shape, 2)}, but has shape {chroma.shape}")
    if not np.isfinite(chroma).all():
        raise ValueError("initial must be finite, but holds NaN or infinity")
    return chroma
