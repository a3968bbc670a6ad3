"""Rivals of our methods: the classical ones, each from its paper in its most obvious form, made to be right, not fast.

    from rivals import RIVALS
    chroma = RIVALS["levin"](lightness, hints)

Their settings are the tuned ones of the scores that `quality.py --peers` reads, some of them another for strokes than
for points of 3 x 3 pixels. After `enter()` they are methods of pyvarcolor as well, for `colorize` and `evaluate`.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.ndimage import label

from pyvarcolor import Hints, SolverReport
from pyvarcolor.color import Array
from pyvarcolor.methods import register
from pyvarcolor.photograph import Photograph
from rivals.bilateral_solver import fbs
from rivals.closed_form import closed_form
from rivals.fast_global_smoother import fgs
from rivals.levin import levin
from rivals.nearest import nearest

Rival = Callable[[Array, Hints], Array]
"""Of lightness (H, W) and hints; returns chroma (H, W, 2)."""


def are_strokes(hints: Hints) -> bool:
    """Whether the hints are strokes rather than points: a place has more pixels than a few points that touch."""
    return hints.count > 40 * label(hints.mask)[1]


def tuned_fgs(lightness: Array, hints: Hints) -> Array:
    smoothness, sigma = (1e5, 2) if are_strokes(hints) else (2000, 5)
    return fgs(lightness, hints, smoothness, sigma)


def tuned_fbs(lightness: Array, hints: Hints) -> Array:
    luma, smoothness = (8, 0.3) if are_strokes(hints) else (5, 0.1)
    return fbs(lightness, hints, luma, smoothness)


def tuned_closed_form(lightness: Array, hints: Hints) -> Array:
    few_points = hints.count < 1000 and not are_strokes(hints)
    return closed_form(lightness, hints, 1e-5 if few_points else 1e-4)


MEAN_TINT = -1.68, 7.85
"""Mean a* and b* of the photographs that the network was trained on."""


RIVALS: dict[str, Rival] = {
    "gray": lambda lightness, hints: np.zeros_like(hints.chroma),
    "tint": lambda lightness, hints: np.full_like(hints.chroma, MEAN_TINT),
    "nearest": nearest,
    "fgs": tuned_fgs,
    "fbs": tuned_fbs,
    "levin": levin,
    "closed_form": tuned_closed_form,
}


def enter() -> None:
    """Make methods of pyvarcolor of the rivals, for this process."""
    for name, rival in RIVALS.items():
        register(name, "a rival")(_as_method(rival))


def _as_method(rival: Rival) -> type:
    @dataclass(frozen=True)
    class Method:
        def solve(self, photograph: Photograph, hints: Hints, **_: Any) -> tuple[Array, SolverReport]:
            started, lightness = time.perf_counter(), photograph.lightness
            chroma = rival(lightness, hints).astype(lightness.dtype)
            return chroma, SolverReport(self.name, "numpy", 1, 1, time.perf_counter() - started, "direct")

    return Method
