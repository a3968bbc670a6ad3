"""THE CONTRACT of both backends, `_core` (C++) and `numba_core`: same functions, same arguments, same errors.

Kernels work in place on C-contiguous arrays that the caller allocates, all float32 or all float64. The state of a
solver is stored (H, C, W): within a row each channel lies along unit stride. Channels:

    u, hints, r   (a, b)                             v, p   (a.x, a.y, b.x, b.y)
    q             (a.xx, a.yy, a.xy, b.xx, b.yy, b.xy), xy times sqrt 2
    g             (H, 1, W) scalar weight or (H, 3, W) tensor (xx, xy, yy)
    edges         (H, 2, W) weights of the edges to the right and down, or (H, 4, W) also down right and down left
    w             (H, 8, W) directed weights of the 8 neighbours in reading order
    hint_weight   (H, W): 0 no hint, inf a hard one, between them soft
    rgb           (H, W, 3), sRGB in the range of its own dtype: uint8, uint16, float32 or float64

Sums are added in row order, so that any number of threads gives the same bits.
"""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.floating[Any]]
Picture: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16] | Array
Workspace: TypeAlias = NDArray[np.floating[Any]]
Numbers: TypeAlias = NDArray[np.float64]

# --- the machine ---
def simd_level() -> str: ...
def available_threads() -> int: ...
def set_threads(threads: int) -> None: ...

# --- edge weights; written: g or edges ---
def edge_weight(lightness: Array, scale: float, power: float, floor: float, g: Array) -> None: ...
def edge_tensor(lightness: Array, scale: float, power: float, floor: float, g: Array) -> None: ...
def graph_edges(lightness: Array, scale: float, power: float, floor: float, edges: Array) -> None: ...

# --- any state; previous becomes u ---
def mean_change(u: Array, previous: Array) -> float: ...

# --- L*, a*, b* to sRGB, fitted into the gamut at constant hue and lightness; returns how many pixels had to be ---
def encode_rgb(lightness: Array, chroma: Array, rgb: Picture) -> int: ...

# --- heat; written: u, scratch ---
def heat_iterate(u: Array, scratch: Array, hints: Array, hint_weight: Array, time_step: float, n: int) -> None: ...

# --- kriging; written: u += sum over sites of weights exp(-|features - site|) ---
# features (H, C, W), sites (N, C), weights (N, 2)
def kriging_add(features: Array, sites: Array, weights: Array, u: Array) -> None: ...

# --- the hints of the `nearest` strokes, blended by distance^-power; hints of one stroke have one value; written: u ---
def geodesic_blend(
    lightness: Array,
    hints: Array,
    hint_weight: Array,
    strokes: Array,
    per_pixel: float,
    power: float,
    nearest: int,
    u: Array,
) -> None: ...

# --- quadratic propagation by multigrid; A = L (first + beta D^-1 L) + soft hints, first = 1 where beta = 0 ---
# `workspace` is (1, multigrid_size) zeros that keep the levels, each backend in its own way and size; its size tells
# for how many neighbours, and whether beta > 0, it is laid out. `progress` is (1, 4) float64: two of the solver's own,
# the energy, and the mean distance that a pixel has come.
def multigrid_size(rows: int, cols: int, neighbours: int, bilaplacian: bool) -> int: ...
def multigrid_weights(edges: Array, workspace: Workspace) -> None: ...
def multigrid_setup(hint_weight: Array, workspace: Workspace) -> None: ...
def multigrid_start(
    u: Array,
    hints: Array,
    hint_weight: Array,
    first: float,
    beta: float,
    workspace: Workspace,
    progress: Numbers,
) -> None: ...
def multigrid_cg(u: Array, first: float, beta: float, workspace: Workspace, progress: Numbers, n: int) -> None: ...
def multigrid_cycle(r: Array, workspace: Workspace, z: Array) -> None: ...

# --- the directed graph of Levin et al. 2004; written: w, out ---
def levin_weights(gray: Array, w: Array) -> None: ...
def levin_apply(u: Array, w: Array, out: Array) -> None: ...

# --- the matting Laplacian of Levin et al. 2008; A = L + soft hints, hard ones left out; epsilon in L*^2 ---
# windows (H, 2, W): mean of lightness and 1 / (sum of its squared deviations + epsilon) of the 3x3 window around each
# pixel. coarse (nodes, 4, nodes), (H + 1) // 4 + 1 and (W + 1) // 4 + 1 of them: offset (a, b) and slope (a, b) of
# chroma over lightness. Written: windows; inverse = 1 / diagonal of A; r = b - A u, with the windows' fits (H, 4, W) as
# scratch; coarse = P* r; u += P coarse.
def matting_windows(lightness: Array, epsilon: float, windows: Array) -> None: ...
def matting_diagonal(lightness: Array, windows: Array, hint_weight: Array, inverse: Array) -> None: ...
def matting_residual(
    u: Array,
    b: Array,
    lightness: Array,
    windows: Array,
    hint_weight: Array,
    fits: Array,
    r: Array,
) -> None: ...
def matting_restrict(r: Array, lightness: Array, coarse: Array) -> None: ...
def matting_prolong(u: Array, lightness: Array, hint_weight: Array, coarse: Array) -> None: ...

# --- total variation; written: u, p or edges (of the quadratic energy that touches it at u; g is scalar) ---
def tv_iterate(
    u: Array,
    p: Array,
    g: Array,
    hints: Array,
    hint_weight: Array,
    tau: Array,
    sigma: Array,
    alpha1: float,
    relaxation: float,
    n: int,
) -> None: ...
def tv_energy(u: Array, g: Array, hints: Array, hint_weight: Array, alpha1: float) -> float: ...
def tv_edges(u: Array, g: Array, alpha1: float, epsilon: float, edges: Array) -> None: ...

# --- bilaplacian + TGV; tau of (u, v), sigma of (p, q, r); s and r have no rows when beta = 0 ---
def tgv_iterate(
    u: Array,
    v: Array,
    p: Array,
    q: Array,
    r: Array,
    g: Array,
    s: Array,
    hints: Array,
    hint_weight: Array,
    tau: Array,
    sigma: Array,
    alpha0: float,
    alpha1: float,
    relaxation: float,
    n: int,
) -> None: ...
def tgv_forward(
    u: Array,
    v: Array,
    g: Array,
    s: Array,
    alpha0: float,
    alpha1: float,
    p: Array,
    q: Array,
    r: Array,
) -> None: ...
def tgv_adjoint(
    p: Array,
    q: Array,
    r: Array,
    g: Array,
    s: Array,
    alpha0: float,
    alpha1: float,
    u: Array,
    v: Array,
) -> None: ...
def tgv_energy(
    u: Array,
    v: Array,
    g: Array,
    s: Array,
    hints: Array,
    hint_weight: Array,
    alpha0: float,
    alpha1: float,
) -> float: ...
