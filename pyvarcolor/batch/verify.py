"""Whether files are still what the manifest says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from pyvarcolor.batch.manifest import Record
from pyvarcolor.provenance import sha256


@dataclass(frozen=True)
class Problem:
    """A file that is not what the manifest says.

    Attributes
    ----------
    path : Path
    what : str
        What became of it.
    """

    path: Path
    what: str


def verify(records: Sequence[Record], out_dir: Path) -> Iterator[tuple[Record, list[Problem]]]:
    """Hash photographs, their strokes and results again.

    Parameters
    ----------
    records : sequence of Record
        Of what was done, see `latest_records`.
    out_dir : Path
        Where the results lie.

    Yields
    ------
    (Record, list of Problem)
        Each record, and what is wrong with its files.
    """
    with ThreadPoolExecutor() as threads:  # hashing lets other threads run
        yield from zip(records, threads.map(lambda record: _problems(record, out_dir), records), strict=True)


def _problems(record: Record, folder: Path) -> list[Problem]:
    """What is wrong with the files of one photograph."""
    expected = {folder / record.output: record.output_sha256, Path(record.input): record.input_sha256}
    if record.strokes:
        expected[Path(record.strokes)] = record.strokes_sha256
    found = {path: sha256(path) for path in expected}
    return [
        Problem(path, "has changed" if found[path] else "is missing or cannot be read")
        for path in expected
        if found[path] != expected[path]
    ]
