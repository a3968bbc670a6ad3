"""Iteratively reweighted least squares: a quadratic energy majorises a norm, again and again.

|z| <= (|z|^2 / e + e) / 2, with equality where e = |z|. With e = max(|z|, epsilon) of the colour so far, the sum of
norms becomes an edge-weighted quadratic energy, which multigrid minimises. While epsilon falls from 10 (all but
harmonic), the colour follows; a small one at once would freeze it where it is.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pyvarcolor.result import SolverReport
from pyvarcolor.solvers.iterate import Run, StopRule, comparing, iterate
from pyvarcolor.solvers.multigrid import Multigrid

Array = NDArray[np.floating]

INNER = 10
"""Iterations of conjugate gradients with the same weights."""
EPSILON, WARM_EPSILON, LEAST_EPSILON, DECAY = 10.0, 0.3, 1e-3, 0.9
"""Gradient of chroma (per pixel) below which colour is even: at first, for a given start, at last; and its fall"""


def minimise_reweighted(
    reweigh: Callable[[Array, float, Array], None],
    energy: Callable[[Array], float],
    hints: Array,
    hint_weight: Array,
    rule: StopRule,
    run: Run,
    initial: Array | None = None,
) -> tuple[Array, SolverReport]:
    """Minimise a sum of norms of gradients + hints.

    Parameters
    ----------
    reweigh : callable
        ``reweigh(u, epsilon, edges)`` writes the (H, 2, W) weights of the quadratic energy that majorises, with
        equality at u.
    energy : callable
        The energy of u.
    hints : (H, 2, W) ndarray
        Prescribed values.
    hint_weight : (H, W) ndarray
        0: no hint; infinity: a hard one.
    rule : StopRule
        When to stop; counts iterations of conjugate gradients.
    run : Run
        Whose run it is.
    initial : (H, 2, W) ndarray, optional
        Where to start; from the harmonic solution if left out.

    Returns
    -------
    u : (H, 2, W) ndarray
    report : SolverReport
    """
    kernels = run.kernels
    u = hints.copy() if initial is None else np.where(np.isinf(hint_weight)[:, None], hints, initial)
    edges = np.zeros_like(u)
    solver = Multigrid(edges, kernels)
    first = WARM_EPSILON if initial is not None else EPSILON
    done = 0

    def advance(n: int) -> None:
        nonlocal done
        stop = done + n
        while done < stop:
            if done % INNER == 0:
                reweigh(u, max(first * DECAY ** (done // INNER), LEAST_EPSILON), edges)
                solver.reweigh(edges)
                solver.start(u, hints, hint_weight)
                done += 1
            else:
                inner = min(stop - done, INNER - done % INNER)
                solver.advance(u, inner)
                done += inner

    report = iterate(advance, comparing(lambda: energy(u), u, kernels), u, rule, run)
    return u, report
