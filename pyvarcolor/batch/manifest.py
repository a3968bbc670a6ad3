"""The manifest: what was done to each file, one line of JSON a record, appended and on the disk before the next."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, Self

from pyvarcolor.provenance import to_json

UNMEASURED: dict[str, Any] = {"seconds": 0.0, "peak_memory": 0, "finished": ""}
"""Fields that differ from run to run, emptied; all others depend on the input, the options and the program alone."""


class ManifestError(ValueError):
    """A manifest that cannot be read."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """What was done to one file.

    Attributes
    ----------
    input, input_sha256 : str
        Absolute path of the photograph, and the hash of its bytes ("" where it could not be read).
    output, output_sha256 : str
        Path of the coloured photograph, relative to the output folder, and its hash ("" unless done).
    strokes, strokes_sha256 : str
        The same of its file of strokes; "" without one.
    recipe : dict
        Method, prior and all their options, space, and whatever else decides about the pixels.
    versions : dict
        Of the program, and of what computes for it.
    backend : str
        Kernels it ran on; "" unless done.
    outcome : {"done", "failed", "quarantined"}
        "quarantined": two workers died of it, the second with this file alone.
    error : str
        Why it failed.
    warnings : list of str
        What else is worth knowing.
    pages, width, height : int
        Number of pages, and the size of the first in pixels; 0 where it could not be read.
    dtype : str
        Depth of the first page.
    tile : int or None
        Side of the tiles in pixels, where memory was short.
    lightness_error : float
        The largest difference of CIE L* (0..100) between a pixel of the photograph and of the result.
    moved : float
        Share of pixels whose chroma was brought into the gamut.
    seconds : float
        Wall time in the worker.
    peak_memory : int
        Bytes that the worker took at its peak.
    finished : str
        When: ISO 8601, UTC.
    """

    input: str
    input_sha256: str
    output: str
    output_sha256: str = ""
    strokes: str = ""
    strokes_sha256: str = ""
    recipe: dict[str, Any]
    versions: dict[str, str]
    backend: str = ""
    outcome: Literal["done", "failed", "quarantined"]
    error: str = ""
    warnings: list[str] = field(default_factory=list)
    pages: int = 0
    width: int = 0
    height: int = 0
    dtype: str = ""
    tile: int | None = None
    lightness_error: float = 0.0
    moved: float = 0.0
    seconds: float = 0.0
    peak_memory: int = 0
    finished: str = ""

    @property
    def cause(self) -> tuple[object, ...]:
        """What the output depends on; a record proves a file done for as long as this stays."""
        return self.input, self.input_sha256, self.strokes_sha256, to_json(self.recipe)

    def to_line(self) -> bytes:
        """One line of JSON."""
        return (to_json(asdict(self), indent=None) + "\n").encode("ascii")


class Manifest:
    """A file of records that only grows.

    Parameters
    ----------
    path : Path
        The file; it need not exist.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, Manifest(Path(folder, "manifest.jsonl")) as manifest:
    ...     facts = {"input": "/a.tif", "input_sha256": "", "output": "a.tif", "recipe": {}, "versions": {}}
    ...     manifest.append(Record(**facts, outcome="failed"))
    ...     [record.outcome for record in latest_records(manifest.path).values()]
    ['failed']
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> Self:
        """Open it for appending; half a line, left by a killed run, is taken away first."""
        self._file = self.path.open("ab", buffering=0)
        self._file.truncate(_whole_lines(self.path))
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self._file.close()

    def append(self, record: Record) -> None:
        """Write a record to the disk, whole or not at all.

        Parameters
        ----------
        record : Record

        Raises
        ------
        OSError
            If the disk is full.
        """
        before, line = os.fstat(self._file.fileno()).st_size, record.to_line()
        try:
            if self._file.write(line) != len(line):
                raise OSError(28, "no space left for the manifest", str(self.path))
            os.fsync(self._file.fileno())
        except OSError:
            self._file.truncate(before)
            raise


def read_records(path: Path) -> Iterator[Record]:
    """Read a manifest, but for half a line at its end.

    Parameters
    ----------
    path : Path

    Yields
    ------
    Record

    Raises
    ------
    ManifestError
        If a line is no record.
    """
    known = {each.name for each in fields(Record)}
    recipe: dict[str, Any] = {}
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                return
            try:
                facts = json.loads(line)
                recipe = facts["recipe"] = recipe if recipe == facts["recipe"] else facts["recipe"]  # one for all
                record = Record(**{name: facts[name] for name in facts.keys() & known})
            except (ValueError, TypeError, LookupError, AttributeError) as error:
                raise ManifestError(f"{path}, line {number} is no record of a manifest: {error}") from error
            yield record


def latest_records(path: Path) -> dict[str, Record]:
    """Read the last record of each output; see `read_records`.

    Parameters
    ----------
    path : Path
        The manifest.

    Returns
    -------
    dict
        From output to record, in the order of the first records.
    """
    return {record.output: record for record in read_records(path)}


def canonical(records: Iterable[Record]) -> bytes:
    """What a manifest says at last, without what differs from run to run: equal for equal work.

    Parameters
    ----------
    records : iterable of Record

    Returns
    -------
    bytes
        Lines of JSON, sorted by output.
    """
    latest = {record.output: record for record in records}
    return b"".join(replace(latest[output], **UNMEASURED).to_line() for output in sorted(latest))


def _whole_lines(path: Path) -> int:
    """Bytes up to the end of the last whole line."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        while end > 0:
            start = max(end - 65536, 0)
            file.seek(start)
            found = file.read(end - start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            end = start
    return 0
