"""Workers on this machine: loky's processes, which are started anew where one dies."""

from __future__ import annotations

import os
import signal
import threading
import time
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice

from loky.process_executor import BrokenProcessPool, ProcessPoolExecutor

from pyvarcolor.batch.work import NeedsRoom, Outcome, Task, quarantined, work

_AHEAD = 2  # tasks handed out for each worker: one to do, one that waits


def run_here(
    tasks: Iterable[Task], jobs: int, threads: int, stopped: Callable[[], bool]
) -> Generator[tuple[Task, Outcome], None, None]:
    """Do tasks on this machine.

    A worker that dies takes with it what the others had begun: these tasks, and those that need more memory than
    their share, are run alone afterwards. One that a worker dies of again is quarantined.

    Parameters
    ----------
    tasks : iterable of Task
    jobs : int
        Number of workers.
    threads : int
        Of each worker.
    stopped : callable
        Whether no more tasks are to be begun.

    Yields
    ------
    (Task, Outcome)
        As they are finished; those not begun when it stopped are left out.
    """
    alone: list[Task] = []
    waiting = iter(tasks)
    died = True
    while died and not stopped():
        with _workers(jobs) as pool:
            died = yield from _run_until_one_dies(pool, waiting, jobs * _AHEAD, alone, stopped)
    left = iter(alone)
    died = True
    while died and not stopped():
        with _workers(1) as pool:
            died = yield from _run_one_by_one(pool, left, jobs * threads, stopped)


def _run_one_by_one(
    pool: ProcessPoolExecutor, left: Iterator[Task], threads: int, stopped: Callable[[], bool]
) -> Generator[tuple[Task, Outcome], None, bool]:
    """Do tasks alone, with all threads and all memory; returns whether a worker died."""
    for task in left:
        try:
            settings = replace(task.settings, threads=threads)
            yield task, pool.submit(work, replace(task, settings=settings, memory=None, alone=True)).result()
        except BrokenProcessPool:
            yield task, quarantined(task)
            return True
        if stopped():
            break
    return False


def _run_until_one_dies(
    pool: ProcessPoolExecutor, waiting: Iterator[Task], most: int, alone: list[Task], stopped: Callable[[], bool]
) -> Generator[tuple[Task, Outcome], None, bool]:
    """Hand out tasks, and what is to be run alone to `alone`; returns whether a worker died."""
    pending: dict[Future[Outcome], Task] = {}
    died = False
    while True:
        for task in islice(waiting, 0 if died or stopped() else most - len(pending)):
            try:
                pending[pool.submit(work, task)] = task
            except BrokenProcessPool:
                alone.append(task)
                died = True
                break
        if stopped():
            for future in pending:
                future.cancel()  # but for those that have begun
        if not pending:
            return died
        for future in wait(pending, timeout=0.5, return_when=FIRST_COMPLETED).done:
            task = pending.pop(future)
            try:
                outcome = future.result()
            except BrokenProcessPool:
                alone.append(task)
                died = True
            except CancelledError:
                continue
            else:
                if isinstance(outcome, NeedsRoom):
                    alone.append(task)
                else:
                    yield task, outcome


@contextmanager
def _workers(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """So many processes; on an error, and on an interrupt, they are killed."""
    sleeping = {"OMP_WAIT_POLICY": "PASSIVE"}  # threads that wait leave the processors to other workers
    pool = ProcessPoolExecutor(jobs, initializer=_begin, initargs=(os.getpid(),), env=sleeping)
    kill = True
    try:
        yield pool
        kill = False
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about what was killed
            pool.shutdown(kill_workers=kill)


def _begin(parent: int) -> None:
    """Leave Ctrl-C to the parent, and do not outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if os.name == "posix":
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    """End this process when its parent is gone."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
