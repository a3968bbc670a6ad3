"""The side file that keeps each change of strokes as soon as it is made, so that a killed session loses none."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path

from pyvarcolor.interactive.session import Record, Session
from pyvarcolor.io.atomic import replace_file

FORMAT, VERSION = "pyvarcolor-session", 1


class Journal:
    """A file of one JSON record a line: a header, what was done before, and each change since.

    It is there while strokes are unsaved. A line that was cut off by a crash is left out when it is read. A file of
    something else is set aside before a new one begins.

    Parameters
    ----------
    path : Path
        The side file.
    shape : (int, int)
        Height and width of the photograph that the strokes belong to.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     journal = Journal(Path(folder, "mask.png.autosave"), (100, 200))
    ...     session = Session()
    ...     session.note = lambda record: journal.add(record, session)
    ...     session.begin(0.1, 0.2)
    ...     done = session.finish()
    ...     recovered = Journal(journal.path, (100, 200)).recover()
    ...     recovered.strokes == session.strokes
    True
    """

    def __init__(self, path: Path, shape: tuple[int, int]) -> None:
        self.path, self._shape = path, shape
        self._is_ours = self._is_whole = False

    def add(self, record: Record, session: Session) -> None:
        """Append a change; when this returns, the system has it, whatever happens to this program.

        Parameters
        ----------
        record : dict
            As `Session` notes it.
        session : Session
            As it is before; its history begins a new file.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        whole, self._is_whole = self._is_whole and self.path.exists(), False  # until this is written
        if whole:
            with self.path.open("a", encoding="ascii") as file:
                file.write(_lines([record]))
        else:
            if self.path.exists() and not self._is_ours:
                self.set_aside()
            header = {"format": FORMAT, "version": VERSION, "shape": list(self._shape)}
            replace_file(self.path, _lines([header, *session.history(), record]).encode())
        self._is_ours = self._is_whole = True

    def recover(self) -> Session | None:
        """What an earlier session left unsaved; None if there is nothing, or nothing that fits the photograph.

        Returns
        -------
        Session or None
            With all its steps, to be undone and redone.
        """
        try:
            lines = self.path.read_text(encoding="ascii").splitlines()
        except (OSError, UnicodeDecodeError):
            return None
        session = Session()
        try:
            header, *records = _whole(lines)
            if header != {"format": FORMAT, "version": VERSION, "shape": list(self._shape)}:
                return None
            for record in records:
                session.replay(record)
        except (ValueError, RecursionError):
            return None
        return session if session.can_undo or session.can_redo else None

    def go_on(self) -> None:
        """Append to the file: what it holds was recovered."""
        records = _whole(self.path.read_text(encoding="ascii").splitlines())
        replace_file(self.path, _lines(records).encode())  # a torn line would spoil the next one
        self._is_ours = self._is_whole = True

    def set_aside(self) -> Path:
        """Rename the file, so that nothing is lost and a new one can begin.

        Returns
        -------
        Path
            Where it is now.
        """
        names = (f"{self.path.name}.old{number or ''}" for number in count())
        aside = next(path for path in map(self.path.with_name, names) if not path.exists())
        self.path.replace(aside)
        self._is_ours = self._is_whole = False
        return aside

    def end(self) -> None:
        """Remove the file: all is saved."""
        self.path.unlink(missing_ok=True)
        self._is_ours = self._is_whole = False


def _lines(records: list[Record]) -> str:
    """Records, one a line."""
    return "".join(json.dumps(record) + "\n" for record in records)


def _whole(lines: list[str]) -> list[Record]:
    """Records of the lines, without a last one that is not whole.

    Raises
    ------
    ValueError
        If another one is not.
    """
    records = []
    for number, line in enumerate(lines, start=1):
        try:
            record = json.loads(line)
        except ValueError:
            if number == len(lines):
                break
            raise
        if not isinstance(record, dict):
            raise ValueError(f"record {number} must be an object, but is {record!r}")
        records.append(record)
    if not records:
        raise ValueError("there is no header")
    return records
