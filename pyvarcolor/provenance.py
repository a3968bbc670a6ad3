"""How a picture was made, in words that a machine can read."""

from importlib.metadata import version
from json import dumps, loads
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
    made_by = f"colourised by pyvarcolor {version('pyvarcolor')}"
    facts = {"software": made_by, "method": result.report.method, "backend": result.report.backend}
    return to_json(facts | choices, indent=None)


def to_json(facts: Any, indent: int | None = 2) -> str:
    """JSON, with words for infinity and NaN, which it has no numbers for.

    Examples
    --------
    >>> to_json({"change": float("nan")}, indent=None)
    '{"change": "NaN"}'
    """
    return dumps(loads(dumps(facts, default=str), parse_constant=str), indent=indent)
