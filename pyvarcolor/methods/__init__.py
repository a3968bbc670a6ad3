"""Methods of spreading colour: one energy a file, each a registered frozen dataclass whose fields are its options.

A method is found by its name. Packages of third parties add theirs through the entry-point group
``pyvarcolor.methods`` (name = ``"package.module:Class"``); see ``docs/adding_a_method.md``.
"""

from __future__ import annotations

import ast
import difflib
import functools
import importlib
from collections.abc import Callable, Iterable
from dataclasses import MISSING, fields
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from pyvarcolor.hints import Hints
from pyvarcolor.photograph import Photograph
from pyvarcolor.result import Callback, Doubt, Expected, SolverReport, WarmStart

AUTO, AUTO_PRIOR = "kriging", "network"
"""What ``"auto"`` stands for, the best measured (``docs/methods.md``): this method, from what this one expects."""


class Method(Protocol):
    """What a method offers; ``docs/adding_a_method.md`` walks through one. All but `solve` may be left out."""

    name: ClassVar[str]
    summary: ClassVar[str]
    prior: ClassVar[str]
    """The prior that it has unless another is asked for, as `pyvarcolor.recipe.Recipe.of` takes it; ``"none"``."""
    draft: ClassVar[dict[str, Any]]
    """Options of a first answer while a stroke is being drawn; none."""
    needs_hints: ClassVar[bool]
    """Whether there is no answer without hints; True."""
    lab_only: ClassVar[bool]
    """Whether chroma is a* and b*, whatever the space; False."""
    peak_floats_per_pixel: int
    """What a run takes at its peak, in numbers a pixel; 0: not checked."""
    files: tuple[Path, ...]
    """What else decides about the answer, such as weights; none."""

    def solve(
        self,
        photograph: Photograph,
        hints: Hints,
        *,
        prior: Expected | None = None,
        initial: NDArray[np.floating] | None = None,
        callback: Callback | None = None,
        warm: WarmStart | None = None,
    ) -> tuple[NDArray[np.floating], SolverReport]:
        """Spread the hints' chroma over the photograph; return chroma (H, W, 2) and the report.

        `prior` is what to expect where hints say nothing; `initial` (H, W, 2) is where a person wants to start; `warm`
        is what the solve before has left for this one.
        """
        ...

    def uncertainty(self, photograph: Photograph, hints: Hints) -> Doubt | None:
        """How far the answer may be from the truth; None, if left out: the method cannot say."""
        ...


_BUILT_IN = (
    "heat",
    "random_walker",
    "geodesic",
    "bilateral",
    "matting",
    "graph",
    "guess",
    "kriging",
    "tv",
    "tgv",
    "network",
    "onnx",
)
_LEFT_OUT: dict[str, Any] = {
    "prior": "none",
    "draft": {},
    "needs_hints": True,
    "lab_only": False,
    "peak_floats_per_pixel": 0,
    "files": (),
    "uncertainty": lambda method, photograph, hints: None,
}
_registry: dict[str, type[Method]] = {}
_M = TypeVar("_M", bound=type[Any])


def register(name: str, summary: str) -> Callable[[_M], _M]:
    """Enter a frozen dataclass into the registry of methods.

    Parameters
    ----------
    name : str
        The name that ``colorize(..., method=name)`` and the command line know it by.
    summary : str
        One line for lists of methods.

    Returns
    -------
    callable
        A class decorator.

    Raises
    ------
    ValueError
        If another class has taken the name.
    """

    def enter(cls: _M) -> _M:
        taken = _registry.get(name)
        if taken is not None and taken.__qualname__ != cls.__qualname__:
            raise ValueError(f"method name {name!r} is taken by {taken.__module__}.{taken.__qualname__}")
        cls.name, cls.summary = name, summary
        for attribute, usual in _LEFT_OUT.items():
            setattr(cls, attribute, getattr(cls, attribute, usual))
        _registry[name] = cls
        return cls

    return enter


@functools.cache
def _load_all() -> None:
    """Import the built-in methods and those of third parties; each import registers its class."""
    for module in _BUILT_IN:
        importlib.import_module(f"pyvarcolor.methods.{module}")
    for entry in entry_points(group="pyvarcolor.methods"):
        entry.load()


def names() -> list[str]:
    """Names of all methods.

    Returns
    -------
    list of str

    Examples
    --------
    >>> from pyvarcolor import methods
    >>> print(*methods.names())
    heat random-walker geodesic bilateral matting graph guess kriging tv tgv network onnx
    """
    _load_all()
    return list(_registry)


def get(name: str) -> type[Method]:
    """Class of the method called `name`; ``"auto"`` is the recommended one.

    Parameters
    ----------
    name : str
        One of `names`, or ``"auto"``.

    Returns
    -------
    type
        The dataclass; its fields are the method's options.

    Raises
    ------
    ValueError
        If there is no such method.

    Examples
    --------
    >>> from dataclasses import fields
    >>> from pyvarcolor import methods
    >>> [field.name for field in fields(methods.get("tv"))][-1]
    'alpha1'
    """
    known = names()
    name = AUTO if name == "auto" else name
    if name not in known:
        raise ValueError(f"method must be one of auto, {', '.join(known)}, but is {name!r}{did_you_mean(name, known)}")
    return _registry[name]


def make(name: str, **options: Any) -> Method:
    """Build a method from its name and options.

    Parameters
    ----------
    name : str
        One of `names`, or ``"auto"``.
    **options
        Values for the method's fields; those left out keep their defaults.

    Returns
    -------
    Method

    Raises
    ------
    ValueError
        If the method is unknown or a value is out of range.
    TypeError
        If the method has no such option.

    Examples
    --------
    >>> from pyvarcolor import methods
    >>> methods.make("tgv", alpha0=5.0).alpha0
    5.0
    """
    cls = get(name)
    valid = [f.name for f in fields(cls)]  # type: ignore[arg-type]
    for field in fields(cls):  # type: ignore[arg-type]
        if field.name not in options and field.default is MISSING and field.default_factory is MISSING:
            raise TypeError(f"method {cls.name!r} needs the option {field.name!r}")
    for option in options:
        if option not in valid:
            raise TypeError(
                f"method {cls.name!r} has no option {option!r}{did_you_mean(option, valid)}; "
                f"its options are {', '.join(valid)}"
            )
    return cls(**options)


def parse(text: str) -> tuple[str, dict[str, Any]]:
    """Name and options of a method as it is written on a command line.

    Parameters
    ----------
    text : str
        ``"name"`` or ``"name:option=value,option=value"``; values as in Python, or words.

    Returns
    -------
    name : str
    options : dict

    Raises
    ------
    ValueError
        If it is written otherwise.

    Examples
    --------
    >>> from pyvarcolor import methods
    >>> methods.parse("graph:weights=levin,beta=0.5")
    ('graph', {'weights': 'levin', 'beta': 0.5})
    """
    name, _, rest = text.partition(":")
    return name, parse_options(filter(None, rest.split(",")), text)


def parse_options(pairs: Iterable[str], text: str | None = None) -> dict[str, Any]:
    """Options as they are written on a command line.

    Parameters
    ----------
    pairs : iterable of str
        Each ``"option=value"``; values as in Python, or words.
    text : str, optional
        Where they stand, for errors.

    Returns
    -------
    dict

    Raises
    ------
    ValueError
        If one is written otherwise.

    Examples
    --------
    >>> from pyvarcolor import methods
    >>> methods.parse_options(["weights=levin", "beta=0.5"])
    {'weights': 'levin', 'beta': 0.5}
    """
    options = {}
    for pair in pairs:
        option, equals, value = pair.partition("=")
        if not equals:
            where = "there is" if text is None else f"{text!r} has"
            raise ValueError(f"options of a method must be written option=value, but {where} {pair!r}")
        options[option] = _value(value)
    return options


def _value(text: str) -> Any:
    """A Python literal, or the text itself: True, 0.5, levin."""
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return text


def did_you_mean(word: str, known: list[str]) -> str:
    """The end of an error about a word that is none of those known: the nearest of them, or nothing."""
    close = difflib.get_close_matches(word, known, n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""
