"""Command-line flags from the fields of the methods' dataclasses; their docstrings are the help texts."""

import functools
import inspect
import re
import types
import typing
from collections.abc import Callable, Container, Iterator
from dataclasses import MISSING, dataclass, fields
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from docstring_parser import parse
from rich.markup import escape

from pyvarcolor import methods

_PLAIN_KINDS = (bool, int, float, str, Path)


@dataclass(frozen=True)
class Option:
    """An option of a method, as its dataclass declares it.

    Parameters
    ----------
    name : str
        Name of the field.
    kind : type
        Its type.
    default : object
        Value that it has unless it is given; `dataclasses.MISSING` if it must be given.
    text : str
        What the docstring says of it.
    """

    name: str
    kind: Any
    default: Any
    text: str

    @property
    def kind_name(self) -> str:
        """The type in a reader's words."""
        if typing.get_origin(self.kind) is Literal:
            return " | ".join(map(str, typing.get_args(self.kind)))
        return self.kind.__name__ if isinstance(self.kind, type) else str(self.kind)

    @property
    def default_name(self) -> str:
        """The default as one would type it."""
        if self.default is MISSING:
            return "none, must be given"
        if isinstance(self.default, bool):
            return "on" if self.default else "off"
        return f"{self.default:g}" if isinstance(self.default, float) else str(self.default)


def options_of(method: type[Any]) -> list[Option]:
    """List the options of a method.

    Parameters
    ----------
    method : type
        The method's class; see `pyvarcolor.methods.get`.

    Returns
    -------
    list of Option

    Examples
    --------
    >>> from pyvarcolor import methods
    >>> [option.name for option in options_of(methods.get("heat")) if option.default == 0.25]
    ['time_step']
    """
    kinds, texts = typing.get_type_hints(method), _texts(method)
    return [
        Option(field.name, kinds[field.name], _default(field), texts.get(field.name, ""))
        for field in fields(method)
        if field.init
    ]


def chosen_options(method: Any) -> dict[str, Any]:
    """Collect what was chosen for a method: with them and its name it can be made again.

    Parameters
    ----------
    method : Method
        As `pyvarcolor.methods.make` returns it.

    Returns
    -------
    dict
        The options that differ from their defaults.

    Examples
    --------
    >>> from pyvarcolor import methods
    >>> chosen_options(methods.make("tgv", alpha0=5.0, alpha1=1.0))
    {'alpha0': 5.0}
    """
    options = options_of(type(method))
    return {each.name: getattr(method, each.name) for each in options if getattr(method, each.name) != each.default}


def describe(method: type[Any]) -> dict[str, Any]:
    """Tell all that is known of a method.

    Parameters
    ----------
    method : type
        The method's class.

    Returns
    -------
    dict
        Its name, summary, description and options.

    Examples
    --------
    >>> from pyvarcolor import methods
    >>> describe(methods.get("tv"))["summary"]
    'total variation: piecewise constant colour with sharp steps'
    """
    documentation = parse(method.__doc__ or "")
    references = [entry.description for entry in documentation.meta if entry.args == ["references"]]
    return {
        "name": method.name,
        "summary": method.summary,
        "description": "\n\n".join(filter(None, [documentation.description, *references])),
        "options": [
            {"name": option.name, "type": option.kind_name, "default": option.default, "text": option.text}
            for option in options_of(method)
        ],
    }


def with_method_flags(command: Callable[..., None]) -> Callable[..., None]:
    """Make a command whose ``**options`` are the options of all methods, one flag each.

    An option that several methods have is one flag. A name that the command itself uses, or an earlier method
    with another type, gets no flag; such an option is for Python alone, like one whose type cannot be typed.

    Parameters
    ----------
    command : callable
        A Typer command that takes keyword arguments beside its own parameters.

    Returns
    -------
    callable
        It passes on those options that were given.
    """
    signature = inspect.signature(command)
    *own, _ = signature.parameters.values()
    flags = {flag.name: flag for flag in _flags({parameter.name for parameter in own})}

    @functools.wraps(command)
    def flagged(**arguments: Any) -> None:
        left_out = {name for name in flags if arguments[name] is None}
        command(**{name: value for name, value in arguments.items() if name not in left_out})

    flagged.__signature__ = signature.replace(parameters=[*own, *flags.values()])  # type: ignore[attr-defined]
    return flagged


def _flags(taken: Container[str]) -> Iterator[inspect.Parameter]:
    """One parameter for each option, those of the most methods first."""
    owners: dict[str, dict[str, Option]] = {}
    for method in methods.names():
        for option in options_of(methods.get(method)):
            others = owners.setdefault(option.name, {})
            agrees = all(other.kind == option.kind for other in others.values())
            if agrees and option.name not in taken and _typed_kind(option.kind) is not None:
                others[method] = option
    for name, of_methods in sorted(owners.items(), key=lambda item: -len(item[1])):
        if of_methods:
            yield _flag(name, of_methods)


def _flag(name: str, of_methods: dict[str, Option]) -> inspect.Parameter:
    """Parameter for an option of these methods; None says that it was not given."""
    text = _merge({method: option.text for method, option in of_methods.items()}, "{1}: {0}", " ")
    default = _merge({method: option.default_name for method, option in of_methods.items()}, "{0} ({1})", ", ")
    everywhere = set(of_methods) == {method for method in methods.names() if methods.get(method).needs_hints}
    info = typer.Option(
        help=escape(f"{text} Default: {default}.".strip()),
        rich_help_panel=f"Options of {'all that spread strokes' if everywhere else ', '.join(of_methods)}",
        show_default=False,
    )
    kind = _typed_kind(next(iter(of_methods.values())).kind)
    annotation = Annotated[kind | None, info]  # type: ignore[valid-type]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def _merge(words: dict[str, str], template: str, separator: str) -> str:
    """What methods say of an option: once if they agree, else each with the names of those that say it."""
    speakers: dict[str, list[str]] = {}
    for method, word in words.items():
        speakers.setdefault(word, []).append(method)
    if len(speakers) == 1:
        return next(iter(speakers))
    return separator.join(template.format(word, ", ".join(names)) for word, names in speakers.items())


def _typed_kind(kind: Any) -> Any:
    """Find the type that Typer reads from the command line, or None where it cannot."""
    words = typing.get_args(kind)
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        kinds = [part for part in words if part is not type(None)]
        return _typed_kind(kinds[0]) if len(kinds) == 1 else None
    is_choice = typing.get_origin(kind) is Literal and all(isinstance(word, str) for word in words)
    is_enum = isinstance(kind, type) and issubclass(kind, Enum)
    return kind if is_choice or is_enum or kind in _PLAIN_KINDS else None


def _texts(method: type[Any]) -> dict[str, str]:
    """Collect what the docstrings of a class and its bases say of each parameter, without markup."""
    return {
        parameter.arg_name: re.sub(r"`+| ?\[\d+\]_", "", " ".join((parameter.description or "").split()))
        for base in reversed(method.__mro__)
        for parameter in parse(vars(base).get("__doc__") or "").params
    }


def _default(field: Any) -> Any:
    """Default of a dataclass's field."""
    return field.default if field.default_factory is MISSING else field.default_factory()
