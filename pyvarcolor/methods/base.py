"""What all built-in methods share: the options of a run, hints as solvers want them, shading."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from numbers import Integral, Real
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from pyvarcolor.hints import Hints
from pyvarcolor.kernels import Kernels
from pyvarcolor.learned.appearance import SIDE
from pyvarcolor.result import Callback, SolverReport
from pyvarcolor.shading import normalize_hints, phi
from pyvarcolor.solvers.iterate import Run, StopRule
from pyvarcolor.solvers.multigrid import Multigrid, edge_weights

Array = NDArray[np.floating]

_START = StopRule(max_iter=20, check_every=4, tol=0.05)  # what lies behind an edge may only move in the second step

_SHARPEN = 0.1  # pull of each pixel's own chroma while edges are brought into it

_Kept = TypeVar("_Kept")


@dataclass(frozen=True, eq=False)
class Problem:
    """A photograph and its hints in the layout of the kernels.

    Parameters
    ----------
    lightness : (H, W) ndarray
        L*, 0..100.
    hints : (H, 2, W) ndarray
        Prescribed chroma, zero where there is none.
    hint_weight : (H, W) ndarray
        0: no hint; infinity: a hard one.
    initial : (H, 2, W) ndarray or None
        Where to start.
    kept : dict
        What has been made of this photograph before.
    departs : bool
        Whether hints and start are departures from chroma that was known before: from a prior, or a guess.
    """

    lightness: Array
    hints: Array
    hint_weight: Array
    initial: Array | None
    kept: dict[Hashable, Any] = field(default_factory=dict)
    departs: bool = False

    def keep(self, name: Hashable, make: Callable[[], _Kept]) -> _Kept:
        """What `make` returns, made once a photograph."""
        if name not in self.kept:
            self.kept[name] = make()
        kept: _Kept = self.kept[name]
        return kept


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
        Weight of the hints, above 0, times their confidence; infinity: hints are met exactly (those of confidence
        c below 1 then weigh c / (1 - c)).
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    draft: ClassVar[dict[str, Any]] = {}
    """Options of a first answer while a stroke is being drawn."""

    normalize: bool = True
    hint_weight: float = math.inf

    def __post_init__(self) -> None:
        self._require("hint_weight", above=0)

    def solve(
        self,
        lightness: Array,
        hints: Hints,
        *,
        kernels: Kernels,
        initial: Array | None = None,
        callback: Callback | None = None,
        kept: dict[Hashable, Any] | None = None,
        prior: Array | None = None,
    ) -> tuple[Array, SolverReport]:
        """Spread the hints' chroma over the photograph.

        Parameters
        ----------
        lightness : (H, W) ndarray
            L*, 0..100, float32 or float64.
        hints : Hints
            At least one.
        kernels : Kernels
            The backend.
        initial : (H, W, 2) ndarray, optional
            Chroma to start from.
        callback : callable, optional
            Gets a `Progress` now and then; ``raise StopIteration`` in it stops the solver, which keeps what it has.
        kept : dict, optional
            What solves of the same photograph with the same options and kernels hand on to each other.
        prior : (H, W, 2) ndarray, optional
            Chroma to expect; the hints' departure from it is spread, and added.

        Returns
        -------
        chroma : (H, W, 2) ndarray
        report : SolverReport

        Raises
        ------
        ValueError
            If there are no hints.
        """
        if hints.count == 0:
            raise ValueError(
                f"method {self.name!r} needs at least one hint, but hints has none (methods auto and network need none)"
            )
        kept = {} if kept is None else kept
        problem = Problem(
            np.ascontiguousarray(lightness),
            to_state(normalize_hints(hints, lightness) if self.normalize else hints.chroma.astype(lightness.dtype)),
            hints.weight(lightness.dtype, self.hint_weight),
            None,
            kept,
        )
        one = np.ones((), lightness.dtype)
        size = problem.keep(("size", self.normalize), lambda: phi(lightness)[:, None] if self.normalize else one)
        if initial is not None:
            problem = replace(problem, initial=to_state(initial.astype(lightness.dtype)) / size)

        def chroma_of(u: Array) -> Array:
            return (u * size).transpose(0, 2, 1)

        run = Run(self.name, kernels, chroma_of, callback)
        if prior is None:
            u, report = self.spread(problem, run)
        else:
            u, report = depart(to_state(prior.astype(lightness.dtype)) / size, problem, run, self.spread)
        return chroma_of(u), report

    def spread(self, problem: Problem, run: Run) -> tuple[Array, SolverReport]:
        """Minimise the method's energy; return u (H, 2, W) and the report."""
        raise NotImplementedError

    @property
    def numbers(self) -> int:
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
        Iterations between two looks at energy and change, at least 1.
    tol : float
        Stop when the mean colour moves less than this between two looks (units of a*, b*); 0: do `max_iter`
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
        Width (sigma, in pixels) of the Gaussian window in which lightness is smoothed first, at least 0: grain is no
        edge then.
    edge_scale : float
        Step of L* across which half of the weight is left, above 0.
    edge_power : float
        How sharply the weight falls, above 0.
    edge_floor : float
        The least weight, above 0 and at most 1: what flows over the strongest edge.
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

    def guide(self, lightness: Array) -> Array:
        """What has the edges."""
        guide: Array = gaussian_filter(lightness, self.edge_blur, mode="nearest")
        return guide

    def multigrid(self, problem: Problem, run: Run, first: float = 1.0, beta: float = 0.0) -> Multigrid:
        """The quadratic energy with these edges, on the graph of 8 neighbours."""

        def make() -> Multigrid:
            guide = self.guide(problem.lightness)
            edges = edge_weights(run.kernels, guide, self.edge_scale, self.edge_power, self.edge_floor)
            return Multigrid(edges, run.kernels, first=first, beta=beta)

        name = "multigrid", self.edge_blur, self.edge_scale, self.edge_power, self.edge_floor, first, beta
        return problem.keep(name, make)

    def sharpen(self, blurred: Array, problem: Problem, run: Run, n: int) -> Array:
        """Bring chroma (H, 2, W) as blurred as the copy to the photograph's own edges, by 1 + n iterations."""
        weight = np.full_like(problem.lightness, _SHARPEN * per_pixel(problem.lightness))
        return self.multigrid(problem, run).smooth(blurred, weight, n)


@dataclass(frozen=True, kw_only=True)
class Variational(EdgeAware):
    """Options of the methods that are solved by primal-dual iterations (Chambolle and Pock 2011).

    Parameters
    ----------
    tensor : bool
        Use the anisotropic weight of Ferstl et al. 2013: colour may flow along an edge, but not over it.
    relaxation : float
        Over-relaxation of the iterations, above 0 and below 2.
    scale_u : float
        Chroma (units of a*, b*) that the step sizes are tuned to, above 0; larger moves far colours sooner and
        settles later.
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
    def numbers(self) -> int:
        """Primal and dual variables besides the multigrid of the start."""
        return 48

    def edge_weight(self, lightness: Array, run: Run) -> Array:
        """Scalar g (H, 1, W), or the tensor G (H, 3, W)."""
        weigh, channels = (run.kernels.edge_tensor, 3) if self.tensor else (run.kernels.edge_weight, 1)
        g = np.empty((lightness.shape[0], channels, lightness.shape[1]), lightness.dtype)
        weigh(self.guide(lightness), self.edge_scale, self.edge_power, self.edge_floor, g)
        return g

    def quadratic_start(self, problem: Problem, run: Run) -> Array:
        """The given start, or the harmonic solution with the same edges; hard hints set."""
        if problem.initial is not None:
            return np.where(np.isinf(problem.hint_weight)[:, None], problem.hints, problem.initial)
        quiet = replace(run, callback=None)
        u, _ = self.multigrid(problem, run).minimise(problem.hints, problem.hint_weight, _START, quiet)
        return u.copy()


Spread = Callable[[Problem, Run], tuple[Array, SolverReport]]


def depart(base: Array, problem: Problem, run: Run, spread: Spread) -> tuple[Array, SolverReport]:
    """Spread the departure of the hints from a base (H, 2, W), and add both."""
    hints = np.where(problem.hint_weight[:, None] > 0, problem.hints - base, 0)
    initial = None if problem.initial is None else problem.initial - base
    departure = replace(problem, hints=hints, initial=initial, departs=True)
    u, report = spread(departure, replace(run, chroma_of=lambda u: run.chroma_of(base + u)))
    return base + u, report


def per_pixel(lightness: Array) -> float:
    """What 1 a pixel of the copy is a pixel of the photograph, so that a larger scan is coloured alike."""
    scale: float = min(SIDE / max(lightness.shape), 1)
    return scale**2


def to_state(image: Array) -> Array:
    """(H, W, C) to the kernels' (H, C, W)."""
    return np.ascontiguousarray(image.transpose(0, 2, 1))
