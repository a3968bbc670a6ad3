"""Solve u_i = sum_j w_ij u_j with weights that are not symmetric, by BiCGSTAB (van der Vorst 1992)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pyvarcolor.result import SolverReport
from pyvarcolor.solvers.cg import dot, scaled
from pyvarcolor.solvers.iterate import Run, StopRule, comparing, iterate

Array = NDArray[np.float64]

_DRIFT = 1e-4


def solve_directed(
    w: Array, hints: Array, hint_weight: Array, initial: Array, rule: StopRule, run: Run
) -> tuple[Array, SolverReport]:
    """Solve the directed system with the hints as boundary values; in float64, for float32 soon stalls.

    Parameters
    ----------
    w : (H, 8, W) ndarray
        Weights of the 8 neighbours, of sum 1 at each pixel.
    hints : (H, 2, W) ndarray
        Prescribed values.
    hint_weight : (H, W) ndarray
        0: no hint; infinity: a hard one; between them (u_i - sum_j w_ij u_j) + weight (u_i - hint_i) = 0.
    initial : (H, 2, W) ndarray
        Where to start.
    rule : StopRule
        When to stop.
    run : Run
        Whose run it is.

    Returns
    -------
    u : (H, 2, W) ndarray
    report : SolverReport
        Its energy is half the squared residual.
    """
    hard = np.isinf(hint_weight)[:, None]
    soft = np.where(hard, 0, hint_weight[:, None])

    def apply(x: Array) -> Array:
        """(I - W + soft) x on the free pixels, 0 on the hard ones."""
        out = np.empty_like(x)
        run.kernels.levin_apply(x, w, out)
        return np.where(hard, 0, out + soft * x)

    def ratio(a: Array, b: Array) -> Array:
        """Ratio of two inner products, 0 where the method has come to its end."""
        return np.divide(a, b, out=np.zeros_like(a), where=b != 0)

    u = np.where(hard, hints, initial)
    r = soft * hints - apply(u)
    shadow, d = r.copy(), r.copy()
    rho = dot(shadow, r)

    def advance(n: int) -> None:
        nonlocal u, r, shadow, d, rho
        true = soft * hints - apply(u)
        if (dot(true - r, true - r) > _DRIFT * dot(true, true)).any():  # rounding has led astray: begin again
            r, shadow, d = true, true.copy(), true.copy()
            rho = dot(shadow, r)
        for _ in range(n):
            image = apply(d)
            alpha = ratio(rho, dot(shadow, image))
            half = r - scaled(alpha, image)
            turned = apply(half)
            omega = ratio(dot(turned, half), dot(turned, turned))
            u += scaled(alpha, d) + scaled(omega, half)
            r = half - scaled(omega, turned)
            previous, rho = rho, dot(shadow, r)
            d = r + scaled(ratio(rho * alpha, previous * omega), d - scaled(omega, image))

    evaluate = comparing(lambda: 0.5 * float(dot(r, r).sum()), u, run.kernels)
    report = iterate(advance, evaluate, u, rule, run)
    return u, report
