"""What all built-in methods share: options, hints as solvers want them, shading, departures from a prior."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields, replace
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from pyvarcolor.hints import Hints
from pyvarcolor.learned.appearance import SIDE
from pyvarcolor.photograph import Photograph
from pyvarcolor.result import Callback, Expected, SolverReport, WarmStart
from pyvarcolor.shading import normalize_hints, phi
from pyvarcolor.solvers.iterate import Run, StopRule
from pyvarcolor.solvers.multigrid import Multigrid, edge_weights

Array = NDArray[np.floating]

_START = StopRule(max_iter=20, check_every=4, tol=0.05)  # what lies behind an edge may only move in the second step

FADE = 1e-4
"""Pull of a departure to none, per pixel of the copy, with which what is expected is left alone far from all strokes"""

_OWN = 0.1  # pull of each pixel's own chroma while edges are brought into it


@dataclass(frozen=True, eq=False)
class Problem:
    """A photograph and its hints in the layout of the kernels.

    Parameters
    ----------
    photograph : Photograph
        Lightness, and what was made of it.
    hints : (H, 2, W) ndarray
        Prescribed chroma, zero where there is none; or its departure from what a prior expects.
    hint_weight : (H, W) ndarray
        0: no hint; infinity: a hard one.
    initial : (H, 2, W) ndarray or None
        Where to start.
    warm : WarmStart
        The quadratic solution before, if there is one, and where this one is left.
    """

    photograph: Photograph
    hints: Array
    hint_weight: Array
    initial: Array | None = None
    warm: WarmStart = field(default_factory=WarmStart)

    @property
    def lightness(self) -> Array:
        """L* (H, W), 0..100."""
        return self.photograph.lightness


class Options:
    """What frozen dataclasses of options have in common."""

    def _require(
        self, option: str, *, least: float = -math.inf, above: float = -math.inf, most: float = math.inf
    ) -> None:
        """Raise TypeError unless the option is a number, a whole one where it must be, ValueError if out of range."""
        value: Any = getattr(self, option)
        whole = self.__dataclass_fields__[option].type in (int, "int")  # type: ignore[attr-defined]
        is_number = isinstance(value, Integral if whole else Real)
        if not is_number:
            raise TypeError(f"{option} must be a {'whole ' * whole}number, but is {value!r}")
        if not (value >= least and value > above and value <= most):
            rules = [f"at least {least:g}" * (least > -math.inf), f"above {above:g}" * (above > -math.inf)]
            rules += [f"at most {most:g}" * (most < math.inf)]
            raise ValueError(f"{option} must be {' and '.join(filter(None, rules))}, but is {value!r}")


@dataclass(frozen=True, kw_only=True)
class Propagation(Options):
    """Options that all built-in methods have.

    Parameters
    ----------
    normalize : bool
        Spread chroma divided by what shading does to it (`pyvarcolor.shading`), so that shadows keep less of it.
    hint_weight : float
        Weight of the hints, above 0, times their confidence; the larger, the nearer the answer comes to them. Infinity:
        hints are met exactly (those of confidence c below 1 then weigh c / (1 - c)).
    """

    name: ClassVar[str]
    draft: ClassVar[dict[str, Any]] = {}
    """Options of a first answer while a stroke is being drawn."""
    fade: ClassVar[float] = 0.0
    """Pull of the departure from a prior to none, per pixel of the copy: far from all strokes the prior is left."""

    normalize: bool = True
    hint_weight: float = math.inf

    def __post_init__(self) -> None:
        for option in fields(self):
            value = getattr(self, option.name)
            if option.type in (bool, "bool") and not isinstance(value, bool):
                raise TypeError(f"{option.name} must be True or False, but is {value!r}")
        self._require("hint_weight", above=0)

    def solve(
        self,
        photograph: Photograph,
        hints: Hints,
        *,
        prior: Expected | None = None,
        initial: Array | None = None,
        callback: Callback | None = None,
        warm: WarmStart | None = None,
    ) -> tuple[Array, SolverReport]:
        """Spread the hints' chroma, or its departure from a prior, over the photograph.

        Parameters
        ----------
        photograph : Photograph
            What is coloured, and the kernels it is solved on.
        hints : Hints
            At least one.
        prior : Expected, optional
            Chroma to expect where hints say nothing; the hints' departure from it is spread, and added. Where the prior
            is confident, the departure is drawn to 0 like a hint of that confidence.
        initial : (H, W, 2) ndarray, optional
            Chroma to start from.
        callback : callable, optional
            Gets a `Progress` now and then; ``raise StopIteration`` in it stops the solver, which keeps what it has.
        warm : WarmStart, optional
            What the solve before left for this one, on the same photograph with the same options.

        Returns
        -------
        chroma : (H, W, 2) ndarray
        report : SolverReport

        Raises
        ------
        ValueError
            If there are no hints.
        """
        require_hints(self.name, hints)
        dtype = photograph.lightness.dtype
        size = photograph.made(shading) if self.normalize else np.ones((), dtype)
        problem = Problem(
            photograph,
            to_state(normalize_hints(hints, photograph.lightness) if self.normalize else hints.chroma.astype(dtype)),
            hints.weight(dtype, self.hint_weight),
            None if initial is None else to_state(initial.astype(dtype)) / size,
            WarmStart() if warm is None else warm,
        )

        def chroma_of(u: Array) -> Array:
            return (u * size).transpose(0, 2, 1)

        run = Run(self.name, photograph.kernels, chroma_of, callback)
        if prior is None:
            u, report = self.propagate(problem, run)
        else:
            base = to_state(prior.chroma.astype(dtype)) / size
            u, report = self._propagate_departure(base, prior.weight(dtype), problem, run)
        return chroma_of(u), report

    def propagate(self, problem: Problem, run: Run) -> tuple[Array, SolverReport]:
        """Minimise the method's energy; return u (H, 2, W) and the report."""
        raise NotImplementedError

    def _propagate_departure(
        self, base: Array, pull: Array | float, problem: Problem, run: Run
    ) -> tuple[Array, SolverReport]:
        """Spread the departure of the hints from a base (H, 2, W), with a pull (H, W) to none, and add both."""
        weight = problem.hint_weight
        hints = np.where(weight[:, None] > 0, problem.hints - base, 0)
        pull = np.asarray(pull + self.fade * per_pixel(problem.lightness), weight.dtype)
        if pull.any():
            hints, weight = _drawn_to_zero(hints, weight, pull)
        initial = None if problem.initial is None else problem.initial - base
        departure = replace(problem, hints=hints, hint_weight=weight, initial=initial)
        u, report = self.propagate(departure, replace(run, chroma_of=lambda u: run.chroma_of(base + u)))
        return base + u, report

    @property
    def peak_floats_per_pixel(self) -> int:
        """What a run takes at its peak, in numbers a pixel (``benchmarks/scale_table.py`` measures it)."""
        return 16

    @property
    def maximum_principle(self) -> bool:
        """Whether no colour beyond those of the hints (and of the start) can appear."""
        return False


@dataclass(frozen=True, kw_only=True)
class Iterative(Propagation):
    """Options of methods whose solver iterates.

    Parameters
    ----------
    max_iter : int
        Iterations at most; 0: what the solver starts from, such as the full multigrid of `graph`.
    check_every : int
        Iterations between two evaluations of energy and change, at least 1.
    tol : float
        Stop when the mean colour moves less than this between two of them (units of a*, b*); 0: do `max_iter`
        iterations.
    """

    draft: ClassVar[dict[str, Any]] = {"max_iter": 0, "tol": 0.0}

    max_iter: int = 5000
    check_every: int = 20
    tol: float = 0.02

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require("max_iter", least=0)
        self._require("check_every", least=1)
        self._require("tol", least=0)

    @property
    def stop_rule(self) -> StopRule:
        """`max_iter`, `check_every` and `tol`."""
        return StopRule(self.max_iter, self.check_every, self.tol)


@dataclass(frozen=True, kw_only=True)
class EdgeAware(Iterative):
    """Options of methods whose weights are made from lightness: 1 / (1 + (|dL| / edge_scale)^edge_power).

    Parameters
    ----------
    edge_blur : float
        Width (sigma, in pixels) of the Gaussian window in which lightness is smoothed first, at least 0; the larger,
        the less of the grain, and of fine detail, is an edge.
    edge_scale : float
        Step of L* across which half of the weight is left, above 0; the larger, the more colour crosses faint edges.
    edge_power : float
        How sharply the weight falls there, above 0; the larger, the more alike all edges above `edge_scale` are.
    edge_floor : float
        The least weight, above 0 and at most 1; the larger, the more colour leaks over the strongest edge.
    """

    edge_blur: float = 0.7
    edge_scale: float = 0.5
    edge_power: float = 3.0
    edge_floor: float = 1e-4

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require("edge_blur", least=0)
        self._require("edge_scale", above=0)
        self._require("edge_power", above=0)
        self._require("edge_floor", above=0, most=1)

    def multigrid(self, photograph: Photograph, first: float = 1.0, beta: float = 0.0) -> Multigrid:
        """The quadratic energy with these edges, on the graph of 8 neighbours."""
        edges = self.edge_blur, self.edge_scale, self.edge_power, self.edge_floor
        return photograph.made(_edge_multigrid, *edges, first, beta)

    def solve_quadratic(
        self, problem: Problem, run: Run, rule: StopRule, *, first: float = 1.0, beta: float = 0.0
    ) -> tuple[Array, SolverReport]:
        """Minimise that energy, from the given start, or from the solution before."""
        initial = problem.warm.u if problem.initial is None else problem.initial
        solver = self.multigrid(problem.photograph, first, beta)
        u, report = solver.minimise(problem.hints, problem.hint_weight, rule, run, initial)
        problem.warm.u = u
        return u, report

    def upsample(self, blurred: Array, photograph: Photograph, n: int) -> Array:
        """Bring chroma (H, 2, W) as blurred as the copy to the photograph's own edges, by 1 + n iterations."""
        weight = np.full_like(photograph.lightness, _OWN * per_pixel(photograph.lightness))
        return self.multigrid(photograph).smooth(blurred, weight, n)


@dataclass(frozen=True, kw_only=True)
class Variational(EdgeAware):
    """Options of the methods that are solved by primal-dual iterations (Chambolle and Pock 2011).

    Parameters
    ----------
    tensor : bool
        Use the anisotropic weight of Ferstl et al. 2013: colour may flow along an edge, but not over it.
    relaxation : float
        Over-relaxation of the iterations, above 0 and below 2; larger is faster, as a rule.
    scale_u : float
        Chroma (units of a*, b*) that the step sizes are tuned to, above 0; the larger, the sooner far colours arrive,
        and the later all comes to rest. It changes the way, not the answer.
    """

    tensor: bool = False
    relaxation: float = 1.8
    scale_u: float = 100.0
    max_iter: int = 3000
    check_every: int = 200
    tol: float = 0.3

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require("scale_u", above=0)
        self._require("relaxation", above=0, most=1.99)

    @property
    def peak_floats_per_pixel(self) -> int:
        """Primal and dual variables besides the multigrid of the start."""
        return 48

    def edge_weight(self, photograph: Photograph) -> Array:
        """Scalar g (H, 1, W), or the tensor G (H, 3, W)."""
        kernels, (height, width) = photograph.kernels, photograph.shape
        weigh, channels = (kernels.edge_tensor, 3) if self.tensor else (kernels.edge_weight, 1)
        g = np.empty((height, channels, width), photograph.lightness.dtype)
        weigh(_guide(photograph, self.edge_blur), self.edge_scale, self.edge_power, self.edge_floor, g)
        return g

    def quadratic_start(self, problem: Problem, run: Run) -> Array:
        """The given start, or the harmonic solution with the same edges; hard hints set."""
        if problem.initial is not None:
            return np.where(np.isinf(problem.hint_weight)[:, None], problem.hints, problem.initial)
        u, _ = self.solve_quadratic(problem, replace(run, callback=None), _START)
        return u.copy()  # the solver goes on from it in place


def require_hints(method: str, hints: Hints) -> None:
    """Raise ValueError if there are none."""
    if hints.count == 0:
        raise ValueError(
            f"method {method!r} needs at least one hint, but hints has none (methods auto and network need none)"
        )


def shading(photograph: Photograph) -> Array:
    """Size of chroma (H, 1, W) at each pixel's lightness, by which what is spread is divided."""
    return phi(photograph.lightness)[:, None]


def _guide(photograph: Photograph, blur: float) -> Array:
    """What has the edges: lightness, smoothed so that grain is none."""
    guide: Array = gaussian_filter(photograph.lightness, blur, mode="nearest")
    return guide


def _edge_multigrid(
    photograph: Photograph, blur: float, scale: float, power: float, floor: float, first: float, beta: float
) -> Multigrid:
    edges = edge_weights(photograph.kernels, _guide(photograph, blur), scale, power, floor)
    return Multigrid(edges, photograph.kernels, first=first, beta=beta)


def _drawn_to_zero(hints: Array, weight: Array, pull: Array) -> tuple[Array, Array]:
    """Hints and weights that say the same as those given, and hints of 0 beside them, their weight `pull`."""
    total = weight + pull
    with np.errstate(invalid="ignore"):  # infinity / infinity, where a share is not asked for
        share = 1 - pull / np.maximum(total, np.finfo(total.dtype).tiny)
    share = np.where(np.isinf(total), np.isinf(weight), share)
    return share[:, None].astype(hints.dtype) * hints, total


def per_pixel(lightness: Array) -> float:
    """What 1 a pixel of the copy is a pixel of the photograph, so that a larger scan is coloured alike."""
    scale: float = min(SIDE / max(lightness.shape), 1)
    return scale**2


def to_state(image: Array) -> Array:
    """(H, W, C) to the kernels' (H, C, W)."""
    return np.ascontiguousarray(image.transpose(0, 2, 1))
