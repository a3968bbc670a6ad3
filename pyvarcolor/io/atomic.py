"""Files that are there whole or not at all."""

import os
import secrets
from pathlib import Path


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
    temporary = path.with_name(f".pyvarcolor-{secrets.token_hex(8)}.tmp")
    try:
        with temporary.open("xb") as file:  # unlike tempfile's, with the user's usual permissions
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
