"""Workers of a cluster: dask's, each with so many photographs a task, who write results where all can read them.

A worker keeps its own part of the manifest. So a worker that takes over a task goes on where the last one died, and
the next run knows what was finished after its forerunner was killed.
"""

from __future__ import annotations

import secrets
import shutil
import signal
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from pyvarcolor.batch.manifest import Manifest, Record, latest_records, read_records
from pyvarcolor.batch.work import DISK_FULL, DiskFull, Kept, Outcome, Task, quarantined, work

if TYPE_CHECKING:
    from distributed import Client, Future, WorkerPlugin

_FEWEST, _MOST = 50, 200  # photographs a task
_TURNS = 20  # tasks for each worker, or some wait long for the last ones of others
_AHEAD = 2  # tasks handed out for each worker
_MEMORY_SHARE = 0.6  # of a worker's limit: at 0.8 dask pauses it, at 0.95 it is killed
_PATIENCE = 30.0  # seconds to wait for the scheduler, and for a first worker
_LOOK_EVERY = 1.0  # seconds, at what workers have written down
_STOP = "stop"
# Not the MALLOC_TRIM_THRESHOLD_ of dask, which makes giving memory back take a third of the time; nor its threads of
# OpenMP and BLAS, which stay in the environment of this process (`work` sees to both).
_ENVIRONMENT: dict[str, str] = {}


class ClusterError(OSError):
    """A cluster that does not exist, cannot be reached, or is gone."""


def run_on_cluster(
    tasks: Iterable[Task], total: int, address: str, parts: Path, stopped: Callable[[], bool]
) -> Generator[tuple[Task, Outcome], None, None]:
    """Do tasks on a cluster, which must see the same files under the same paths.

    What a worker died of is tried once more by itself; if a worker dies of it again, it is quarantined.

    Parameters
    ----------
    tasks : iterable of Task
    total : int
        How many they are.
    address : str
        Of dask's scheduler, such as ``tcp://10.0.0.1:8786``; or ``local:N`` for one here, with N workers.
    parts : Path
        Folder for what workers have done; it is made, and removed at the end.
    stopped : callable
        Whether no more photographs are to be begun.

    Yields
    ------
    (Task, Outcome)
        Soon after they are finished.

    Raises
    ------
    ClusterError
        If there is no scheduler, no worker within half a minute, or the connection is lost.
    """
    parts.mkdir(exist_ok=True)
    (parts / _STOP).unlink(missing_ok=True)
    with _client_of(address) as client:
        workers = _number_of_workers(client, address)
        size = min(max(-(-total // (_TURNS * workers)), _FEWEST), _MOST, max(-(-total // workers), 1))
        waiting = iter(tasks)
        alone: list[Task] = []
        for task, outcome in _run_chunks(client, iter(lambda: [*islice(waiting, size)], []), workers, parts, stopped):
            if isinstance(outcome, Record) and outcome.outcome == "quarantined":
                alone.append(task)
            else:
                yield task, outcome
        yield from _run_chunks(client, ([task] for task in alone), workers, parts, stopped)
    shutil.rmtree(parts, ignore_errors=True)


def finished_in(parts: Path) -> Iterator[Record]:
    """What workers had done when an earlier run was killed, before it could write it down.

    Parameters
    ----------
    parts : Path
        Its folder; it need not exist.

    Yields
    ------
    Record
    """
    for part in sorted(parts.glob("*.jsonl")):
        yield from (record for record in read_records(part) if record.outcome == "done")


@dataclass(eq=False)
class _Chunk:
    """Tasks for one worker, and how many of them are known to be done."""

    tasks: list[Task]
    part: Path
    known: int = 0
    known_when_killed: int = -1

    def news(self) -> Iterator[tuple[Task, Outcome]]:
        """What its worker has written down since this was asked last: in order, a record for each task."""
        if self.part.exists():
            for task, record in islice(zip(self.tasks, read_records(self.part), strict=False), self.known, None):
                self.known += 1
                yield task, Kept() if record == task.before else record


def _run_chunks(
    client: Client, chunks: Iterator[list[Task]], workers: int, parts: Path, stopped: Callable[[], bool]
) -> Iterator[tuple[Task, Outcome]]:
    """Hand out lists of tasks, a few ahead, and take what is done."""
    from distributed import KilledWorker, wait

    pending: dict[Future[DiskFull | None], _Chunk] = {}

    def hand_out(chunk: _Chunk) -> None:
        key = f"pyvarcolor-{secrets.token_hex(8)}"
        pending[client.submit(work_through, chunk.tasks, chunk.part, key=key)] = chunk

    while True:
        if stopped():
            (parts / _STOP).touch()
        else:
            for tasks in islice(chunks, workers * _AHEAD - len(pending)):
                hand_out(_Chunk(tasks, parts / f"{secrets.token_hex(8)}.jsonl"))
        if not pending:
            return
        with suppress(TimeoutError):
            wait(list(pending), timeout=_LOOK_EVERY, return_when="FIRST_COMPLETED")
        ended = [future for future in pending if future.done()]
        for chunk in pending.values():
            yield from chunk.news()
        for future in ended:
            chunk = pending.pop(future)
            try:
                disk_full = future.result()
            except KilledWorker as error:  # more often than the scheduler allows; its part tells what they died of
                if chunk.known == chunk.known_when_killed:
                    raise ClusterError("the cluster's workers die before they begin: see their logs") from error
                chunk.known_when_killed = chunk.known
                hand_out(chunk)
            except CancelledError as error:
                raise ClusterError("the cluster's scheduler is gone; the same command goes on from here") from error
            else:
                if disk_full is not None:
                    yield chunk.tasks[chunk.known], disk_full
                chunk.part.unlink(missing_ok=True)


def work_through(tasks: list[Task], part: Path) -> DiskFull | None:
    """Do tasks one after the other, as a worker of a cluster; go on where another one died.

    Parameters
    ----------
    tasks : list of Task
    part : Path
        Manifest of these tasks alone, in their order; those that were done before are written down again. A worker
        died of the photograph that it calls "quarantined".

    Returns
    -------
    DiskFull or None
        Why it stopped, unless it did all of them or was asked to stop.
    """
    begun = part.with_suffix(".begun")
    with Manifest(part) as written:
        known = latest_records(part)
        suspect = begun.read_text("utf-8", "surrogateescape") if begun.exists() else None
        for task in (each for each in tasks if each.job.output not in known):
            if part.with_name(_STOP).exists() or not part.exists():  # or another run has begun meanwhile
                break
            try:
                if task.job.output == suspect:
                    written.append(quarantined(task))
                    continue
                begun.write_text(task.job.output, "utf-8", "surrogateescape")
                outcome = work(replace(task, memory=_memory_of_worker(), alone=True))
                if isinstance(outcome, DiskFull):
                    return outcome
                record = task.before if isinstance(outcome, Kept) else outcome
                assert isinstance(record, Record)  # it is alone: nothing is put off
                written.append(record)
            except OSError as error:
                if error.errno not in DISK_FULL:
                    raise
                return DiskFull(str(error))
    begun.unlink(missing_ok=True)
    return None


def _memory_of_worker() -> int | None:
    """Bytes that one photograph may take in this worker."""
    from distributed import get_worker

    worker = get_worker()
    limit = worker.memory_manager.memory_limit
    return None if limit is None else int(_MEMORY_SHARE * limit / worker.state.nthreads)


@contextmanager
def _client_of(address: str) -> Iterator[Client]:
    """Who talks to the scheduler, which is started and ended for ``local:N``."""
    try:
        import dask
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise ImportError("--cluster needs dask: pip install 'pyvarcolor[cluster]'") from error
    kind, _, number = address.partition(":")
    if kind == "local":
        if not number.isdecimal() or int(number) < 1:
            raise ClusterError(f"local:N needs a number of workers, but is {address!r}")
        with (
            dask.config.set({"distributed.nanny.pre-spawn-environ": _ENVIRONMENT}),
            LocalCluster(n_workers=int(number), threads_per_worker=1, dashboard_address=None) as cluster,
            Client(cluster) as client,
        ):
            client.register_plugin(_leaving_ctrl_c())
            yield client
        return
    try:
        client = Client(address, timeout=_PATIENCE)
    except (OSError, ValueError) as error:
        raise ClusterError(f"no scheduler answers at {address}: {error}") from error
    with client:
        yield client


def _leaving_ctrl_c() -> WorkerPlugin:
    """What makes workers in the same terminal leave Ctrl-C to the parent."""
    from distributed import WorkerPlugin

    class LeaveCtrlC(WorkerPlugin):
        def setup(self, worker: object) -> None:
            signal.signal(signal.SIGINT, signal.SIG_IGN)

    return LeaveCtrlC()


def _number_of_workers(client: Client, address: str) -> int:
    """How many photographs are coloured at the same time."""
    try:
        client.wait_for_workers(1, timeout=_PATIENCE)
    except TimeoutError as error:
        raise ClusterError(f"the scheduler at {address} has no workers after {_PATIENCE:.0f} s") from error
    return sum(client.nthreads().values())
