"""THE CONTRACT of both backends, `_core` (C++) and `numba_core`: same functions, same arguments, same errors.

Kernels work in place on C-contiguous arrays that the caller allocates, all float32 or all float64. The state of a
solver is stored (H, C, W): within a row each channel lies along unit stride. Channels:

    u, hints, r   (a, b)                             v, p   (a.x, a.y, b.x, b.y)
    q             (a.xx, a.yy, a.xy, b.xx, b.yy, b.xy), xy times sqrt 2
    g             (H, 1, W) scalar weight or (H, 3, W) tensor (xx, xy, yy)
    w             (H, 8, W) weights of the 8 neighbours in reading order
    hint_weight   (H, W): 0 no hint, inf a hard one, between them soft
    rgb           (H, W, 3), sRGB in the range of its own dtype: uint8, uint16, float32 or float64

Sums are added in row order, so that any number of threads gives the same bits.
"""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.floating[Any]]
Picture: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16] | Array

# --- the machine ---
def simd_level() -> str: ...
def available_threads() -> int: ...
def set_threads(threads: int) -> None: ...

# --- edge weights; written: g or w ---
def edge_weight(lightness: Array, scale: float, power: float, floor: float, g: Array) -> None: ...
def edge_tensor(lightness: Array, scale: float, power: float, floor: float, g: Array) -> None: ...
def graph_weights(lightness: Array, scale: float, power: float, floor: float, w: Array) -> None: ...
def levin_weights(gray: Array, w: Array) -> None: ...

# --- any state; previous becomes u ---
def mean_change(u: Array, previous: Array) -> float: ...

# --- L*, a*, b* to sRGB, fitted into the gamut at constant hue and lightness; returns how many pixels had to be ---
def encode_rgb(lightness: Array, chroma: Array, rgb: Picture) -> int: ...

# --- heat; written: u, scratch ---
def heat_iterate(u: Array, scratch: Array, hints: Array, hint_weight: Array, time_step: float, n: int) -> None: ...

# --- quadratic propagation; A = first L + beta L D^-1 L + soft hints ---
def graph_apply(
    u: Array,
    w: Array,
    inverse_degree: Array,
    hint_weight: Array,
    first: float,
    beta: float,
    scratch: Array,
    out: Array,
) -> None: ...
def graph_cg_start(
    u: Array,
    residual: Array,
    direction: Array,
    image: Array,
    scratch: Array,
    inverse_diagonal: Array,
    w: Array,
    inverse_degree: Array,
    hints: Array,
    hint_weight: Array,
    first: float,
    beta: float,
) -> None: ...
def graph_cg(
    u: Array,
    residual: Array,
    direction: Array,
    image: Array,
    scratch: Array,
    inverse_diagonal: Array,
    w: Array,
    inverse_degree: Array,
    hint_weight: Array,
    first: float,
    beta: float,
    n: int,
) -> None: ...
def graph_energy(
    u: Array,
    w: Array,
    inverse_degree: Array,
    hints: Array,
    hint_weight: Array,
    first: float,
    beta: float,
    scratch: Array,
) -> float: ...

# --- total variation; written: u, p ---
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
