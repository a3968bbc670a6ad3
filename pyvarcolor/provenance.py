"""How a picture was made, in words that a machine can read."""

import hashlib
from functools import cache
from importlib.metadata import version
from json import dumps, loads
from pathlib import Path
from typing import Any

from pyvarcolor.result import Colorization


def note_on(result: Colorization, **choices: Any) -> str:
    """How a picture was made, for its metadata.

    Parameters
    ----------
    result : Colorization
        What it shows.
    **choices
        What else is worth knowing: options, the file of strokes.

    Returns
    -------
    str
        One line of JSON.
    """
    return note(method=result.report.method, backend=result.report.backend, **choices)


def note(**facts: Any) -> str:
    """Say that a picture was made by this program.

    Parameters
    ----------
    **facts
        How it was made.

    Returns
    -------
    str
        One line of JSON.
    """
    return to_json({"software": f"colourised by pyvarcolor {version('pyvarcolor')}"} | facts, indent=None)


def sha256(path: Path) -> str:
    """Hash of a file, in hexadecimal; "" where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


@cache
def sha256_of(path: Path, changed: int) -> str:
    """The hash of a file that many photographs share, worked out once until it changes."""
    return sha256(path)


def to_json(facts: Any, indent: int | None = 2) -> str:
    """JSON, with words for infinity and NaN, which it has no numbers for.

    Examples
    --------
    >>> to_json({"change": float("nan")}, indent=None)
    '{"change": "NaN"}'
    """
    return dumps(loads(dumps(facts, default=str), parse_constant=str), indent=indent)
