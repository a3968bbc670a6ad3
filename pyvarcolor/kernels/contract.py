"""THE CONTRACT of both backends, C++ (`_core`) and Numba (`numba_core`): `Kernels`, what its functions take and do.

Kernels work in place on C-contiguous arrays that the caller allocates, all float32 or all float64, as the first one is.
The state of a solver is stored (H, C, W): within a row each channel lies along unit stride. Channels:

    u, hints, r   (a, b)                             v, p   (a.x, a.y, b.x, b.y)
    q             (a.xx, a.yy, a.xy, b.xx, b.yy, b.xy), xy times sqrt 2
    g             (H, 1, W) scalar weight or (H, 3, W) tensor (xx, xy, yy)
    edges         (H, 2, W) weights of the edges to the right and down, or (H, 4, W) also down right and down left
    w             (H, 8, W) directed weights of the 8 neighbours in reading order
    hint_weight   (H, W): 0 no hint, inf a hard one, between them soft
    rgb           (H, W, 3), sRGB in the range of its own dtype: uint8, uint16, float32 or float64

Sums are added in row order, so that any number of threads gives the same bits. What each argument must be stands in its
annotation, and nowhere else: `gate` holds each call to it, and the backends trust that.
"""

from __future__ import annotations

import functools
import importlib
from dataclasses import dataclass
from types import ModuleType
from typing import Annotated, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .gate import Doubles, In, Number, Out, Picture, Whole, Workspace, gate

BACKENDS = {"cpp": "pyvarcolor.kernels._core", "numba": "pyvarcolor.kernels.numba_core.bindings"}
"""Module of each backend, in order of preference."""

Array: TypeAlias = NDArray[np.floating[Any]]

Plane: TypeAlias = Annotated[Array, In("H W")]
Weights: TypeAlias = Annotated[Array, In("H G W")]
Edges: TypeAlias = Annotated[Array, In("H E W")]
In1: TypeAlias = Annotated[Array, In("H 1 W")]
In2: TypeAlias = Annotated[Array, In("H 2 W")]
In3: TypeAlias = Annotated[Array, In("H 3 W")]
In4: TypeAlias = Annotated[Array, In("H 4 W")]
In6: TypeAlias = Annotated[Array, In("H 6 W")]
In8: TypeAlias = Annotated[Array, In("H 8 W")]

OutPlane: TypeAlias = Annotated[Array, Out("H W")]
OutEdges: TypeAlias = Annotated[Array, Out("H E W")]
Out1: TypeAlias = Annotated[Array, Out("H 1 W")]
Out2: TypeAlias = Annotated[Array, Out("H 2 W")]
Out3: TypeAlias = Annotated[Array, Out("H 3 W")]
Out4: TypeAlias = Annotated[Array, Out("H 4 W")]
Out6: TypeAlias = Annotated[Array, Out("H 6 W")]
Out8: TypeAlias = Annotated[Array, Out("H 8 W")]

Float: TypeAlias = Annotated[float, Number()]
Positive: TypeAlias = Annotated[float, Number(above=0)]
Count: TypeAlias = Annotated[int, Whole()]
AtLeast1: TypeAlias = Annotated[int, Whole(least=1)]
Levels: TypeAlias = Annotated[Array, Workspace()]
Progress: TypeAlias = Annotated[NDArray[np.float64], Doubles(4)]


@functools.cache
def _module(backend: str) -> ModuleType:
    return importlib.import_module(BACKENDS[backend])


@dataclass(frozen=True)
class Kernels:
    """A backend ready for use: its functions, each call held to what they say of their arguments.

    Parameters
    ----------
    backend : str
        ``"cpp"`` or ``"numba"``; see `pyvarcolor.kernels.load`.
    threads : int
        Threads that each call may use.
    """

    backend: str
    threads: int

    @property
    def module(self) -> ModuleType:
        """The functions themselves, which trust their caller."""
        return _module(self.backend)

    # --- the machine

    def simd_level(self) -> str:
        """Which instructions the kernels run on."""
        level: str = self.module.simd_level()
        return level

    def available_threads(self) -> int:
        """How many threads the backend has."""
        count: int = self.module.available_threads()
        return count

    # --- edge weights

    @gate
    def edge_weight(self, lightness: Plane, scale: Float, power: Float, floor: Float, g: Out1) -> None:
        """Write the scalar g: 1 / (1 + (|grad L| / scale)^power), at least floor."""

    @gate
    def edge_tensor(self, lightness: Plane, scale: Float, power: Float, floor: Float, g: Out3) -> None:
        """Write the tensor g: that weight across the edge, 1 along it."""

    @gate
    def graph_edges(self, lightness: Plane, scale: Float, power: Float, floor: Float, edges: OutEdges) -> None:
        """Write edges: the same of the steps between neighbours, over their distance."""

    # --- any state

    @gate
    def mean_change(self, u: In2, previous: Out2) -> float:
        """Mean distance between two states per pixel; previous then becomes u."""
        raise NotImplementedError

    @gate
    def encode_rgb(self, lightness: Plane, chroma: In2, rgb: Annotated[NDArray[Any], Picture()]) -> int:
        """Write rgb: sRGB of L*, a*, b*, fitted into the gamut at constant hue and lightness; how many pixels were."""
        raise NotImplementedError

    # --- heat, kriging, geodesic distance

    @gate
    def heat_iterate(self, u: Out2, scratch: Out2, hints: In2, hint_weight: Plane, time_step: Float, n: Count) -> None:
        """n steps of heat flow on u."""

    @gate
    def kriging_add(
        self,
        features: Annotated[Array, In("H C W")],
        sites: Annotated[Array, In("N C")],
        weights: Annotated[Array, In("N 2")],
        u: Out2,
    ) -> None:
        """Add to u the sum over sites of weights exp(-|features - site|)."""

    @gate
    def geodesic_blend(
        self,
        lightness: Plane,
        hints: In2,
        hint_weight: Plane,
        strokes: Plane,
        per_pixel: Positive,
        power: Float,
        nearest: AtLeast1,
        u: Out2,
    ) -> None:
        """Write u: hints of the `nearest` strokes, blended by distance^-power; strokes numbers the hints, one a stroke.

        A path costs the integral of |dL|, and per_pixel for each pixel of its length.
        """

    # --- quadratic propagation by multigrid; A = L (first + beta D^-1 L) + soft hints, first = 1 where beta = 0
    #
    # workspace: (1, multigrid_size) zeros that keep the levels, each backend in its own way and size; its size tells
    # for how many neighbours, and whether beta > 0, it is laid out. progress: two numbers of the solver's own, the
    # energy, and the mean distance that a pixel has come.

    def multigrid_size(self, rows: int, cols: int, neighbours: int, bilaplacian: bool) -> int:
        """Numbers that the levels take, for 4 or 8 neighbours."""
        size: int = self.module.multigrid_size(rows, cols, neighbours, bilaplacian)
        return size

    @gate
    def multigrid_weights(self, edges: Edges, workspace: Levels) -> None:
        """Bring the weights of the finest level in."""

    @gate
    def multigrid_setup(self, hint_weight: Plane, workspace: Levels) -> None:
        """Make all levels for these hints."""

    @gate
    def multigrid_start(
        self,
        u: Out2,
        hints: In2,
        hint_weight: Plane,
        first: Float,
        beta: Float,
        workspace: Levels,
        progress: Progress,
    ) -> None:
        """Set the hard hints in u, and do the first iteration, with a full multigrid."""

    @gate
    def multigrid_cg(self, u: Out2, first: Float, beta: Float, workspace: Levels, progress: Progress, n: Count) -> None:
        """n iterations of conjugate gradients on u."""

    @gate
    def multigrid_cycle(self, r: In2, workspace: Levels, z: Out2) -> None:
        """Write z: one W-cycle for (L + soft weights) z = r."""

    # --- the directed graph of Levin et al. 2004

    @gate
    def levin_weights(self, gray: Plane, w: Out8) -> None:
        """Write w, whose sum over the neighbours is 1."""

    @gate
    def levin_apply(self, u: In2, w: In8, out: Out2) -> None:
        """Write out_i = sum_j w_ij (u_i - u_j)."""

    # --- the matting Laplacian of Levin et al. 2008; A = L + soft hints, hard ones left out; epsilon in L*^2
    #
    # windows: mean of lightness and 1 / (sum of its squared deviations + epsilon) of the 3x3 window around each pixel.
    # coarse: offset (a, b) and slope (a, b) of chroma over lightness at every fourth row and column, (H + 1) // 4 + 1
    # and (W + 1) // 4 + 1 of them.

    @gate
    def matting_windows(self, lightness: Plane, epsilon: Float, windows: Out2) -> None:
        """Write windows."""

    @gate
    def matting_diagonal(self, lightness: Plane, windows: In2, hint_weight: Plane, inverse: OutPlane) -> None:
        """Write inverse: 1 / diagonal of A."""

    @gate
    def matting_residual(
        self, u: In2, b: In2, lightness: Plane, windows: In2, hint_weight: Plane, fits: Out4, r: Out2
    ) -> None:
        """Write r = b - A u; fits, the affine functions of the windows, is scratch."""

    @gate
    def matting_restrict(self, r: In2, lightness: Plane, coarse: Annotated[Array, Out("h 4 w")]) -> None:
        """Write coarse = P* r."""

    @gate
    def matting_prolong(
        self, u: Out2, lightness: Plane, hint_weight: Plane, coarse: Annotated[Array, In("h 4 w")]
    ) -> None:
        """Add P coarse to u, where there is no hard hint."""

    # --- total variation

    @gate
    def tv_iterate(
        self,
        u: Out2,
        p: Out4,
        g: Weights,
        hints: In2,
        hint_weight: Plane,
        tau: Plane,
        sigma: Plane,
        alpha1: Float,
        relaxation: Float,
        n: AtLeast1,
    ) -> None:
        """n over-relaxed primal-dual iterations on u and its dual p."""

    @gate
    def tv_energy(self, u: In2, g: Weights, hints: In2, hint_weight: Plane, alpha1: Float) -> float:
        """The energy of u."""
        raise NotImplementedError

    @gate
    def tv_edges(self, u: In2, g: In1, alpha1: Float, epsilon: Float, edges: Out2) -> None:
        """Write the edges of the quadratic energy that majorises total variation, and equals it at u."""

    # --- bilaplacian + TGV; tau of (u, v), sigma of (p, q, r); s and r have no rows where beta = 0

    @gate
    def tgv_iterate(
        self,
        u: Out2,
        v: Out4,
        p: Out4,
        q: Out6,
        r: Annotated[Array, Out("S 2 W")],
        g: Weights,
        s: Annotated[Array, In("S W")],
        hints: In2,
        hint_weight: Plane,
        tau: In2,
        sigma: In3,
        alpha0: Float,
        alpha1: Float,
        relaxation: Float,
        n: AtLeast1,
    ) -> None:
        """n over-relaxed primal-dual iterations on (u, v) and its duals (p, q, r)."""

    @gate
    def tgv_forward(
        self,
        u: In2,
        v: In4,
        g: Weights,
        s: Annotated[Array, In("S W")],
        alpha0: Float,
        alpha1: Float,
        p: Out4,
        q: Out6,
        r: Annotated[Array, Out("S 2 W")],
    ) -> None:
        """Write (p, q, r) = K (u, v)."""

    @gate
    def tgv_adjoint(
        self,
        p: In4,
        q: In6,
        r: Annotated[Array, In("S 2 W")],
        g: Weights,
        s: Annotated[Array, In("S W")],
        alpha0: Float,
        alpha1: Float,
        u: Out2,
        v: Out4,
    ) -> None:
        """Write (u, v) = K* (p, q, r)."""

    @gate
    def tgv_energy(
        self,
        u: In2,
        v: In4,
        g: Weights,
        s: Annotated[Array, In("S W")],
        hints: In2,
        hint_weight: Plane,
        alpha0: Float,
        alpha1: Float,
    ) -> float:
        """The energy of (u, v) without the hard hints, which u meets by construction."""
        raise NotImplementedError
