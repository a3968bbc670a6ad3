"""Python's way into the kernels, which trust their caller as C++ does; the C++ twins are `csrc/bindings/*.cpp`."""

from functools import partial
from typing import Any

import numpy as np

from . import color, geodesic, heat, kriging, levin, matting, multigrid, state, tgv, tv
from . import edge_weight as weights
from .hierarchy import Hierarchy, Layout, hierarchy_in, size_of
from .image import Image, Picture, Scalar
from .multigrid import Numbers
from .parallel import available_threads, launch, scratch_of_threads, set_threads
from .simd import simd_level

__all__ = ["available_threads", "set_threads", "simd_level"]  # and all below

edge_weight = partial(launch, weights.edge_weight)
edge_tensor = partial(launch, weights.edge_tensor)
graph_edges = partial(launch, weights.graph_edges)
mean_change = partial(launch, state.mean_change)
heat_iterate = partial(launch, heat.heat_iterate)
kriging_add = partial(launch, kriging.kriging_add)
geodesic_blend = partial(launch, geodesic.geodesic_blend)
levin_weights = partial(launch, levin.levin_weights)
levin_apply = partial(launch, levin.levin_apply)
matting_windows = partial(launch, matting.matting_windows)
matting_diagonal = partial(launch, matting.matting_diagonal)
matting_residual = partial(launch, matting.matting_residual)
matting_restrict = partial(launch, matting.matting_restrict)
matting_prolong = partial(launch, matting.matting_prolong)


def encode_rgb(lightness: Image, chroma: Image, rgb: Picture) -> int:
    """The kernel with the range of the picture's dtype."""
    top, half = map(lightness.dtype.type, color.RANGES[rgb.dtype.name])
    return int(launch(color.encode_rgb, lightness, chroma, top, half, rgb))


def multigrid_size(rows: int, cols: int, neighbours: int, bilaplacian: bool) -> int:
    """Numbers that the levels take."""
    return size_of(Layout(rows, cols, neighbours == 8, bilaplacian))


def multigrid_weights(edges: Image, workspace: Image) -> None:
    """The weights of the finest level."""
    launch(multigrid.multigrid_weights, edges, _levels(workspace, edges))


def multigrid_setup(hint_weight: Image, workspace: Image) -> None:
    """All levels for these hints."""
    launch(multigrid.multigrid_setup, hint_weight, _levels(workspace, hint_weight))


def multigrid_start(
    u: Image, hints: Image, hint_weight: Image, first: Scalar, beta: Scalar, workspace: Image, progress: Numbers
) -> None:
    """The hard hints, and a first step with a full multigrid."""
    levels = _levels(workspace, u)
    launch(multigrid.multigrid_start, u, hints, hint_weight, first, beta, levels, progress[0])


def multigrid_cg(u: Image, first: Scalar, beta: Scalar, workspace: Image, progress: Numbers, n: int) -> None:
    """n iterations of conjugate gradients."""
    launch(multigrid.multigrid_cg, u, first, beta, _levels(workspace, u), progress[0], n)


def multigrid_cycle(r: Image, workspace: Image, z: Image) -> None:
    """One W-cycle."""
    launch(multigrid.multigrid_cycle, r, _levels(workspace, r), z)


def _levels(workspace: Image, like: Image) -> Hierarchy:
    """The levels in the caller's workspace, whose size tells what they are laid out for."""
    layouts = (Layout(len(like), like.shape[-1], near, more) for near in (False, True) for more in (False, True))
    return hierarchy_in(workspace[0], next(each for each in layouts if size_of(each) == workspace.size))


def tv_iterate(u: Image, p: Image, g: Image, *others: Any) -> None:
    """n iterations of total variation."""
    launch(tv.tv_iterate, u, p, g, _no_xy(g), *others, scratch_of_threads(5, u))


def tv_energy(u: Image, g: Image, *others: Any) -> float:
    """Energy of total variation."""
    return float(launch(tv.tv_energy, u, g, _no_xy(g), *others))


def tv_edges(u: Image, g: Image, *others: Any) -> None:
    """Edges of the quadratic energy that majorises total variation at u."""
    launch(tv.tv_edges, u, g, _no_xy(g), *others)


def tgv_iterate(u: Image, v: Image, p: Image, q: Image, r: Image, g: Image, *others: Any) -> None:
    """n iterations of bilaplacian + TGV^2."""
    launch(tgv.tgv_iterate, u, v, p, q, r, g, _no_xy(g), *others, scratch_of_threads(7, u))


def tgv_forward(u: Image, v: Image, g: Image, *others: Any) -> None:
    """p, q, r = K (u, v)."""
    launch(tgv.tgv_forward, u, v, g, _no_xy(g), *others)


def tgv_adjoint(p: Image, q: Image, r: Image, g: Image, *others: Any) -> None:
    """u, v = K* (p, q, r)."""
    launch(tgv.tgv_adjoint, p, q, r, g, _no_xy(g), *others)


def tgv_energy(u: Image, v: Image, g: Image, *others: Any) -> float:
    """Energy of bilaplacian + TGV^2."""
    return float(launch(tgv.tgv_energy, u, v, g, _no_xy(g), *others))


def _no_xy(g: Image) -> Image:
    """The row of zeros that a scalar weight has for xy."""
    return np.zeros(g.shape[-1], g.dtype)
