"""The one loop: blocks of iterations, energy and change evaluated after each, callback and stop rule."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pyvarcolor.kernels import Kernels
from pyvarcolor.result import Callback, Progress, SolverReport, StoppedBy

_BLOCK_SECONDS = 0.4


@dataclass(frozen=True)
class StopRule:
    """When to evaluate, and when to stop.

    Parameters
    ----------
    max_iter : int
        Iterations at most; 0: the state that the solver starts from.
    check_every : int
        Iterations between two evaluations of energy and change.
    tol : float
        Stop when an evaluation finds that the colour moved by less than this (mean over pixels, units of chroma); 0
        asks for exactly `max_iter` iterations.
    """

    max_iter: int
    check_every: int
    tol: float


@dataclass(frozen=True)
class Run:
    """Who solves on what, since when, and who watches: all that a report needs beside the numbers."""

    method: str
    kernels: Kernels
    chroma_of: Callable[[NDArray[np.floating]], NDArray[np.floating]]
    callback: Callback | None = None
    started: float = field(default_factory=time.perf_counter)

    def report(self, iterations: int, stopped_by: StoppedBy, history: list[tuple[int, float, float]]) -> SolverReport:
        """Close the run."""
        at, energy, change = zip(*history, strict=True) if history else ((), (), ())
        seconds = time.perf_counter() - self.started
        kernels = self.kernels
        return SolverReport(
            self.method, kernels.backend, kernels.threads, iterations, seconds, stopped_by, at, energy, change
        )


Evaluate = Callable[[], tuple[float, float]]
"""Returns the energy of the present state, and how far the colour has moved since the last evaluation."""


def iterate(
    advance: Callable[[int], object], evaluate: Evaluate, u: NDArray[np.floating], rule: StopRule, run: Run
) -> SolverReport:
    """Run a solver until its colour rests, its iterations run out or its caller has seen enough.

    Parameters
    ----------
    advance : callable
        ``advance(n)`` does `n` iterations in place: one kernel call, the GIL released.
    evaluate : callable
        Returns the energy of the present state and the change since the last evaluation; see `comparing`.
    u : (H, 2, W) ndarray
        The chroma that `advance` moves.
    rule : StopRule
        When to evaluate and to stop.
    run : Run
        Whose run it is; its callback gets a `Progress` at each evaluation and stops the solver by
        ``raise StopIteration``.

    Returns
    -------
    SolverReport
    """
    history: list[tuple[int, float, float]] = []
    done = 0
    stopped_by: StoppedBy = "max_iter" if rule.tol > 0 and rule.max_iter > 0 else "direct"
    while done < rule.max_iter:
        n = min(rule.check_every, rule.max_iter - done)
        _advance_in_blocks(advance, n)
        done += n
        energy, change = evaluate()
        history.append((done, energy, change))
        if run.callback is not None:
            seconds = time.perf_counter() - run.started
            try:
                run.callback(Progress(done, rule.max_iter, energy, change, seconds, lambda: run.chroma_of(u)))
            except StopIteration:
                stopped_by = "callback"
                break
        if change <= rule.tol and rule.tol > 0:
            stopped_by = "change"
            break
    return run.report(done, stopped_by, history)


def comparing(energy: Callable[[], float], u: NDArray[np.floating], kernels: Kernels) -> Evaluate:
    """An evaluation that compares the colour with a copy of what it was.

    Parameters
    ----------
    energy : callable
        The energy of the present state.
    u : (H, 2, W) ndarray
        The chroma that moves.
    kernels : Kernels
        The backend.

    Returns
    -------
    callable
        The `evaluate` of `iterate`.
    """
    previous = u.copy()
    return lambda: (energy(), kernels.mean_change(u, previous))


def _advance_in_blocks(advance: Callable[[int], object], n: int) -> None:
    """Do n iterations in calls of some tenths of a second: between two calls Python can honour Ctrl-C."""
    block = 1
    while n > 0:
        started = time.perf_counter()
        advance(min(block, n))
        n -= block
        if time.perf_counter() - started < _BLOCK_SECONDS / 2:
            block *= 2
