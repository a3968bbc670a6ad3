"""Files that are there whole or not at all."""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Self


class Replacement:
    """A file that takes the place of another in one step, or of none where the block ends before.

    Parameters
    ----------
    path : Path
        The file; an existing one is replaced.

    Attributes
    ----------
    file : binary file
        To be written, and read.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "note.txt")
    ...     with Replacement(path) as new:
    ...         new.file.write(b"all ")
    ...         path.exists()
    ...         new.file.write(b"of it")
    ...         new.commit()
    ...     path.read_bytes()
    4
    False
    5
    b'all of it'
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._temporary = path.with_name(f".pyvarcolor-{secrets.token_hex(8)}.tmp")
        self.file = self._temporary.open("x+b")  # unlike tempfile's, with the user's usual permissions

    def commit(self) -> None:
        """Put it in place."""
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()
        self._temporary.replace(self._path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # what can't be written needn't be any more
            self.file.close()
        self._temporary.unlink(missing_ok=True)


def replace_file(path: Path, data: bytes) -> None:
    """Put a file in place in one step, by way of a temporary one beside it.

    Parameters
    ----------
    path : Path
        The file; an existing one is replaced.
    data : bytes
        What it holds afterwards.

    Raises
    ------
    OSError
        If it cannot be written; what was there before stays.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     replace_file(Path(folder, "note.txt"), b"all of it")
    ...     Path(folder, "note.txt").read_bytes()
    b'all of it'
    """
    with Replacement(path) as new:
        new.file.write(data)
        new.commit()
