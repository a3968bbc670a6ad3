"""Numba's implementation of the contract `_core.pyi`: each file has a C++ twin of the same name in csrc/."""

from .bindings import (
    edge_tensor,
    edge_weight,
    encode_rgb,
    graph_apply,
    graph_cg,
    graph_cg_start,
    graph_energy,
    graph_weights,
    heat_iterate,
    levin_weights,
    mean_change,
    tgv_adjoint,
    tgv_energy,
    tgv_forward,
    tgv_iterate,
    tv_edges,
    tv_energy,
    tv_iterate,
)
from .parallel import available_threads, set_threads
from .simd import simd_level

__all__ = [
    "available_threads",
    "edge_tensor",
    "edge_weight",
    "encode_rgb",
    "graph_apply",
    "graph_cg",
    "graph_cg_start",
    "graph_energy",
    "graph_weights",
    "heat_iterate",
    "levin_weights",
    "mean_change",
    "set_threads",
    "simd_level",
    "tgv_adjoint",
    "tgv_energy",
    "tgv_forward",
    "tgv_iterate",
    "tv_edges",
    "tv_energy",
    "tv_iterate",
]
