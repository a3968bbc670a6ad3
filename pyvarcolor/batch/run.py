"""A whole archive: who works, what is written down, and how it stops."""

from __future__ import annotations

import errno
import logging
import shutil
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from pyvarcolor.batch.cluster import finished_in, run_on_cluster
from pyvarcolor.batch.jobs import Job
from pyvarcolor.batch.local import run_here
from pyvarcolor.batch.manifest import Manifest, Record, latest_records
from pyvarcolor.batch.work import DISK_FULL, LEFTOVER, DiskFull, Settings, Task
from pyvarcolor.memory import available_memory

_log = logging.getLogger(__name__)

_MEMORY_SHARE = 0.7  # of what is free: the rest is for the system and for what estimates miss


@dataclass
class Tally:
    """How far a batch is.

    Attributes
    ----------
    total, kept, done, failed, quarantined : int
        Photographs: all, those done in an earlier run, and those of this one.
    stopped : str
        Why it stopped before its end, "" if it did not.
    interrupted : bool
        Whether it was asked to.
    """

    total: int
    kept: int = 0
    done: int = 0
    failed: int = 0
    quarantined: int = 0
    stopped: str = ""
    interrupted: bool = False

    def __str__(self) -> str:
        """In words."""
        numbers = {"done before": self.kept, "failed": self.failed, "quarantined": self.quarantined}
        more = "".join(f", {number} {what}" for what, number in numbers.items() if number)
        left = self.total - self.settled
        return f"{self.done} of {self.total} photographs coloured{more}{f', {left} not begun' * (left > 0)}"

    @property
    def settled(self) -> int:
        """Photographs that are no longer to be done."""
        return self.kept + self.done + self.failed + self.quarantined

    def count(self, record: Record | None) -> None:
        """Count a photograph that was done just now, or before if there is no record."""
        name = "kept" if record is None else record.outcome
        setattr(self, name, getattr(self, name) + 1)


def colorize_all(
    jobs: Sequence[Job],
    out_dir: Path,
    manifest: Path,
    settings: Settings,
    *,
    workers: int = 1,
    cluster: str | None = None,
    resume: bool = True,
    callback: Callable[[Tally, Job, Record | None], None] | None = None,
) -> Tally:
    """Colour photographs, each with its record in the manifest.

    The first Ctrl-C or SIGTERM lets what has begun come to its end, the second gives that up. What is killed loses
    what has begun, and nothing else.

    Parameters
    ----------
    jobs : sequence of Job
        See `find_jobs`.
    out_dir : Path
        Folder of the results; it is made if it is not there.
    manifest : Path
        File of records, see `Manifest`; it is made, or goes on.
    settings : Settings
        How to colour.
    workers : int
        Processes that work at the same time.
    cluster : str, optional
        Workers of dask instead: see `run_on_cluster`.
    resume : bool
        Leave out what the manifest proves done.
    callback : callable, optional
        Gets the tally, the job and its record (None if it was done before) after each photograph.

    Returns
    -------
    Tally

    Raises
    ------
    OSError
        If the manifest cannot be written, another run is at work in the folder, or the cluster is gone.
    KeyboardInterrupt
        On the second Ctrl-C.

    Examples
    --------
    >>> import tempfile
    >>> from pyvarcolor.batch import find_jobs
    >>> from skimage.data import cat
    >>> from skimage.io import imsave
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     scans, colour = Path(folder, "scans"), Path(folder, "colour")
    ...     scans.mkdir()
    ...     imsave(scans / "cat.png", cat()[::4, ::4, 1])
    ...     tally = colorize_all(find_jobs([scans], colour), colour, Path(folder, "manifest.jsonl"), Settings())
    >>> tally.done
    1
    """
    out_dir = out_dir.resolve()
    out_dir.mkdir(parents=True, exist_ok=True)
    parts = manifest.with_name(f"{manifest.name}.parts").resolve()
    tally = Tally(len(jobs))
    with _alone_in(out_dir), Manifest(manifest) as written, _stopping_on_signals(tally):
        _sweep(out_dir)
        for finished in finished_in(parts):
            written.append(finished)
        shutil.rmtree(parts, ignore_errors=True)
        before = latest_records(manifest)
        free = available_memory()
        memory = None if free is None else int(_MEMORY_SHARE * free / workers)
        tasks = (Task(job, settings, out_dir, before.get(job.output), resume, memory) for job in jobs)

        def stopped() -> bool:
            return bool(tally.stopped)

        if cluster is None:
            outcomes = run_here(tasks, workers, settings.threads, stopped)
        else:
            outcomes = run_on_cluster(tasks, len(jobs), cluster, parts, stopped)
        with closing(outcomes):
            for task, outcome in outcomes:
                record = outcome if isinstance(outcome, Record) else None
                try:
                    if isinstance(outcome, DiskFull):
                        raise OSError(errno.ENOSPC, outcome.reason)
                    if record is not None:
                        written.append(record)
                except OSError as error:
                    if error.errno not in DISK_FULL:
                        raise
                    tally.stopped = (
                        f"the disk is full ({error.strerror}); free some space, the same command goes on from here"
                    )
                    continue
                tally.count(record)
                if callback is not None:
                    callback(tally, task.job, record)
        _sweep(out_dir)
    return tally


def _sweep(out_dir: Path) -> None:
    """Remove what killed workers left behind."""
    for leftover in out_dir.rglob(f"{LEFTOVER}*"):
        leftover.unlink(missing_ok=True)


@contextmanager
def _alone_in(out_dir: Path) -> Iterator[None]:
    """Let no other run write into the same folder; the lock goes with the process."""
    lock = FileLock(out_dir / ".pyvarcolor.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise OSError(f"another run is at work in {out_dir}: wait for its end") from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _stopping_on_signals(tally: Tally) -> Iterator[None]:
    """Finish what has begun on the first Ctrl-C or SIGTERM, and give that up on the second."""

    def ask(number: int, _: object) -> None:
        if tally.interrupted:
            raise KeyboardInterrupt
        tally.interrupted = True
        tally.stopped = f"stopped by {signal.Signals(number).name}; the same command goes on from here"
        _log.info("stopping when what has begun is finished; the same again stops at once")

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    usual = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)
