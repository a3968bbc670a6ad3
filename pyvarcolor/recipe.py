"""`Recipe`: how photographs are coloured: a method, the prior it departs from, and the space it works in."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import MISSING, asdict, dataclass, fields, replace
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pyvarcolor import methods
from pyvarcolor.hints import Hints
from pyvarcolor.methods import AUTO_PRIOR, Method, did_you_mean
from pyvarcolor.photograph import Photograph
from pyvarcolor.provenance import sha256_of
from pyvarcolor.result import Callback, Colorization, Doubt, Expected, SolverReport, WarmStart
from pyvarcolor.spaces import SPACES, Space, space_called

Array = NDArray[np.floating]
Prior: TypeAlias = "str | Method | Recipe | Colorization | ArrayLike | tuple[ArrayLike, ArrayLike] | None"
"""What may be expected; see `Recipe.of`."""


@dataclass(frozen=True)
class Recipe:
    """A method, what it expects where hints say nothing, and the space it works in: chosen once, for any photograph.

    Parameters
    ----------
    method : Method
        How colour is spread, with its options.
    prior : Recipe or Given, optional
        Whose answer is expected; the method spreads the departure of the hints from it. None: nothing is.
    space : {"lab", "oklab", "ycbcr"}
        In which chroma the method works.

    Raises
    ------
    ValueError
        If there is no such space, or the method takes no prior, or works in Lab alone.

    Examples
    --------
    >>> from pyvarcolor.recipe import Recipe
    >>> recipe = Recipe.of("tgv", alpha0=5.0)
    >>> recipe.method.alpha0, recipe.prior.method.name, recipe.needs_hints
    (5.0, 'guess', True)
    """

    method: Method
    prior: Recipe | Given | None = None
    space: str = "lab"

    def __post_init__(self) -> None:
        space_called(self.space)
        if self.method.lab_only and self.space != "lab":
            raise ValueError(f"space must be 'lab' with method {self.method.name!r}, but is {self.space!r}")

    @classmethod
    def of(cls, method: str | Recipe = "auto", *, prior: Prior = "auto", space: str = "lab", **options: Any) -> Recipe:
        """Choose by names.

        Parameters
        ----------
        method : str or Recipe
            One of `pyvarcolor.methods.names`, or ``"auto"`` for the best measured one; a recipe is returned as it is.
        prior : str or Method or Recipe or array_like or Colorization or None
            What is expected where hints say nothing: the answer of another method, written as
            `pyvarcolor.methods.parse` reads it, such as ``"network:boost=1.2"``, or made by `pyvarcolor.methods.make`;
            or a recipe's; or chroma a*, b* (H, W, 2) from elsewhere, alone, as an earlier result, or as a pair with its
            confidence (H, W) in 0..1 (see `Given`). ``"none"`` or None: nothing. ``"auto"``: what the method usually
            has; the network's answer for ``"auto"``.
        space : {"lab", "oklab", "ycbcr"}
            In which chroma colour is spread. Whatever the space, L* is kept.
        **options
            Options of the method: the fields of its class, see `pyvarcolor.methods.get`.

        Returns
        -------
        Recipe

        Raises
        ------
        TypeError
            If `prior` is something else, the method has no such option, or a recipe comes with other choices.
        ValueError
            If there is no such method, prior or space, or a value is out of range.

        Examples
        --------
        >>> from pyvarcolor.recipe import Recipe
        >>> Recipe.of("auto") == Recipe.of("kriging", prior="network")
        True
        """
        is_usual = isinstance(prior, str) and prior == "auto"
        if isinstance(method, Recipe):
            if not is_usual or space != "lab" or options:
                raise TypeError("method is a recipe: prior, space and options are part of it, and must be left out")
            return method
        made = methods.make(method, **options)
        expected = _prior_of(made, AUTO_PRIOR if method == "auto" and is_usual else prior)
        if expected is not None and not made.needs_hints:
            raise ValueError(f"prior must be 'none' with method {made.name!r}, but is {prior!r}")
        return cls(made, expected, space)

    @classmethod
    def parse(cls, text: str) -> Recipe:
        """The recipe that a person has written as ``"name"`` or ``"name:option=value,option=value"``.

        Parameters
        ----------
        text : str
            As in `pyvarcolor.methods.parse`; ``prior`` and ``space`` may be among the options.

        Returns
        -------
        Recipe

        Raises
        ------
        TypeError, ValueError
            As in `of`.

        Examples
        --------
        >>> from pyvarcolor.recipe import Recipe
        >>> recipe = Recipe.parse("graph:weights=levin,prior=network")
        >>> recipe.method.weights, recipe.prior.method.name
        ('levin', 'network')
        """
        name, options = methods.parse(text)
        return cls.of(name, **options)

    @property
    def draft(self) -> Recipe:
        """The recipe of a first answer while a stroke is being drawn: near, and soon there."""
        method: Method = replace(self.method, **self.method.draft)  # type: ignore[type-var]
        return replace(self, method=method, prior=self.prior and self.prior.draft)

    @property
    def needs_hints(self) -> bool:
        """Whether there is no answer without hints."""
        return self.method.needs_hints and (self.prior is None or self.prior.needs_hints)

    @property
    def peak_floats_per_pixel(self) -> int:
        """What a run takes at its peak, in numbers a pixel."""
        return max(self.method.peak_floats_per_pixel, 0 if self.prior is None else self.prior.peak_floats_per_pixel)

    def expect(self, photograph: Photograph, hints: Hints) -> Expected | None:
        """What is expected of a photograph, in Lab; None where nothing is.

        Parameters
        ----------
        photograph : Photograph
        hints : Hints
            In Lab.

        Returns
        -------
        Expected or None
        """
        if self.prior is None or (self.needs_hints and hints.count == 0):
            return None
        return self.prior.answer(photograph, hints)

    def solve(
        self,
        photograph: Photograph,
        hints: Hints,
        expected: Expected | None = None,
        *,
        initial: Array | None = None,
        callback: Callback | None = None,
        warm: WarmStart | None = None,
    ) -> tuple[Array, SolverReport]:
        """Chroma of a photograph from hints, and from what is expected; that alone where there are no hints.

        Parameters
        ----------
        photograph : Photograph
        hints : Hints
            In Lab, at least one unless something is expected.
        expected : Expected, optional
            What `expect` says.
        initial, callback, warm
            As in `pyvarcolor.methods.base.Propagation.solve`; `initial` in Lab.

        Returns
        -------
        chroma : (H, W, 2) ndarray
            a* and b*, not yet fitted into the gamut.
        report : SolverReport
            Its `seconds` include those of the prior.

        Raises
        ------
        ValueError
            If there is no hint where one is needed.
        """
        if expected is not None and hints.count == 0:
            return expected.chroma, expected.report
        started = time.perf_counter()
        space, lightness = SPACES[self.space], photograph.lightness
        chroma, report = self.method.solve(
            photograph,
            _hints_in(space, hints, lightness),
            prior=expected and replace(expected, chroma=space.from_lab(lightness, expected.chroma)),
            initial=None if initial is None else space.from_lab(lightness, initial),
            callback=callback,
            warm=warm,
        )
        chroma = space.to_lab(lightness, chroma)
        seconds = time.perf_counter() - started + (expected.report.seconds if expected else 0)
        return chroma, replace(report, seconds=seconds)

    def answer(self, photograph: Photograph, hints: Hints) -> Expected:
        """The whole answer, as something to expect; see `solve`."""
        return Expected(*self.solve(photograph, hints, self.expect(photograph, hints)))

    def doubt(self, photograph: Photograph, hints: Hints) -> Doubt:
        """How far the answer may be from the truth, as the method says, or its prior, or the Gaussian process.

        Parameters
        ----------
        photograph : Photograph
        hints : Hints
            In Lab.

        Returns
        -------
        Doubt
            Worked out when it is asked for.
        """
        from pyvarcolor.learned.doubt import GuessUncertainty  # which needs a part of SciPy that is slow to import

        said = (method.uncertainty(photograph, hints) for method in self._methods())
        own = next((doubt for doubt in said if doubt is not None), None)
        return own or GuessUncertainty(photograph.lightness, hints, photograph.kernels)

    def facts(self) -> dict[str, Any]:
        """What decides about the pixels: names, all options, hashes of files; ``"auto"`` by what it stands for."""
        prior = {"prior": None if self.prior is None else self.prior.facts_as_prior()}
        return {"method": _facts_of(self.method), **prior, "space": self.space}

    def facts_as_prior(self) -> dict[str, Any]:
        """The same in one level."""
        return _facts_of(self.method) | ({} if self.prior is None else {"prior": self.prior.facts_as_prior()})

    def choices(self) -> dict[str, Any]:
        """What was chosen beside the method: options that are not their defaults, prior, space; for metadata."""
        prior = None if self.prior is None else self.prior.choices_as_prior()
        return {"options": _chosen(self.method), "prior": prior, "space": self.space}

    def choices_as_prior(self) -> dict[str, Any]:
        """The same of a prior, whose space is Lab."""
        own = {"method": self.method.name, "options": _chosen(self.method)}
        return own if self.prior is None else own | {"prior": self.prior.choices_as_prior()}

    def _methods(self) -> Iterator[Method]:
        """The method, its prior's, that one's prior's."""
        yield self.method
        if isinstance(self.prior, Recipe):
            yield from self.prior._methods()


@dataclass(frozen=True, eq=False)
class Given:
    """A prior that is chroma from elsewhere: what another program made, or an earlier result.

    Parameters
    ----------
    chroma : (H, W, 2) array_like
        a* and b*.
    confidence : (H, W) array_like, optional
        How sure that is, 0..1: the larger, the less strokes change what lies away from them; 1: nothing but the painted
        pixels; 0, or left out: as far as edges let colour flow.

    Raises
    ------
    ValueError
        If a shape is another one, chroma is not finite, or a confidence is out of range.
    """

    chroma: Array
    confidence: Array | None = None

    needs_hints = False
    peak_floats_per_pixel = 0

    def __post_init__(self) -> None:
        if self.chroma.ndim != 3 or self.chroma.shape[2] != 2:
            raise ValueError(f"prior must have shape (H, W, 2) where it is chroma, but has shape {self.chroma.shape}")
        if not np.isfinite(self.chroma).all():
            raise ValueError("prior must be finite, but holds NaN or infinity")
        if self.confidence is None:
            return
        if self.confidence.shape != self.chroma.shape[:2]:
            raise ValueError(
                f"confidence of the prior must have shape {self.chroma.shape[:2]}, but has {self.confidence.shape}"
            )
        if not ((self.confidence >= 0) & (self.confidence <= 1)).all():
            raise ValueError("confidence of the prior must lie in 0..1, but does not everywhere")

    @property
    def draft(self) -> Given:
        """Itself: there is nothing to wait for."""
        return self

    def answer(self, photograph: Photograph, hints: Hints) -> Expected:
        """What was given, for a photograph of its size."""
        if self.chroma.shape[:2] != photograph.shape:
            raise ValueError(f"prior must have shape {(*photograph.shape, 2)}, but has shape {self.chroma.shape}")
        kernels = photograph.kernels
        report = SolverReport("given", kernels.backend, kernels.threads, 0, 0.0, "direct")
        return Expected(self.chroma.astype(photograph.lightness.dtype), report, self.confidence)

    def facts_as_prior(self) -> dict[str, Any]:
        """Its name, and a hash of what it holds."""
        held = (self.chroma, self.confidence)
        return {
            "name": "given",
            "sha256": [hashlib.sha256(each.tobytes()).hexdigest() for each in held if each is not None],
        }

    def choices_as_prior(self) -> dict[str, Any]:
        """Its name: where it is from is not known here."""
        return {"method": "given", "options": {}}


def _prior_of(method: Method, prior: Prior) -> Recipe | Given | None:
    """What a method is to expect, from what was asked for."""
    if isinstance(prior, str) and prior == "auto":
        prior = method.prior
    if prior is None or isinstance(prior, Recipe | Given):
        return prior
    if isinstance(prior, Colorization):
        return Given(prior.chroma)
    if isinstance(prior, str):
        return None if prior == "none" else _prior_called(prior)
    if hasattr(prior, "solve"):
        other = cast("Method", prior)
        return Recipe(other, _prior_of(other, "auto"))
    try:
        planes = [np.asarray(each, np.float64) for each in (prior if isinstance(prior, tuple) else (prior,))]
    except (TypeError, ValueError):
        planes = []
    if len(planes) not in (1, 2) or planes[0].ndim == 0:
        raise TypeError(
            f"prior must be a method, the name of one, or None, but is {prior!r}, which is no chroma (H, W, 2) either"
        )
    return Given(*planes)


def _prior_called(text: str) -> Recipe:
    name, options = methods.parse(text)
    if name not in (known := ["auto", *methods.names()]):
        raise ValueError(f"prior must be one of none, {', '.join(known)}, but is {name!r}{did_you_mean(name, known)}")
    return Recipe.of(name, **options)


def _facts_of(method: Method) -> dict[str, Any]:
    """Name and options of a method, and the hashes of the files that it reads."""
    facts = {"name": method.name, **asdict(method)}  # type: ignore[call-overload]
    hashes = [sha256_of(path, path.stat().st_mtime_ns) for path in method.files if path.exists()]
    return facts | ({"sha256": hashes} if hashes else {})


def _chosen(method: Method) -> dict[str, Any]:
    """Options that are not the method's own defaults."""
    own = {field.name: field.default for field in fields(method) if field.default is not MISSING}  # type: ignore[arg-type]
    options: dict[str, Any] = asdict(method)  # type: ignore[call-overload]
    return {name: value for name, value in options.items() if name not in own or value != own[name]}


def _hints_in(space: Space, hints: Hints, lightness: Array) -> Hints:
    """The same hints with their chroma in another space."""
    if space is SPACES["lab"]:
        return hints
    chroma = np.zeros_like(hints.chroma)
    chroma[hints.mask] = space.from_lab(lightness[hints.mask], hints.chroma[hints.mask])
    return Hints(hints.mask, chroma, hints.confidence)
