"""A recipe from the command line; flags from the fields of the methods' dataclasses, texts from their docstrings."""

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

from pyvarcolor import methods
from pyvarcolor.cli.flags import RUN, Method, Prior, Space
from pyvarcolor.cli.terminal import blaming_usage, speaking
from pyvarcolor.recipe import Recipe

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


def with_recipe_flags(command: Callable[..., None]) -> Callable[..., None]:
    """Make a command whose parameter `recipe` is made from flags: --method, --prior, --space, --set and the like.

    Each option of a method is a flag of its own, too, which the help leaves out: ``--max-iter 50`` is
    ``--set max_iter=50``. A name that the command itself uses, or an earlier method with another type, gets none.

    Parameters
    ----------
    command : callable
        A Typer command with a keyword parameter `recipe`.

    Returns
    -------
    callable
        It ends with a usage error if there is no such recipe.
    """
    signature = inspect.signature(command)
    shown = inspect.signature(_recipe).parameters.values()
    own = [
        each
        for parameter in signature.parameters.values()
        for each in (shown if parameter.name == "recipe" else [parameter])
        if each.kind is not each.VAR_KEYWORD
    ]
    hidden = list(_flags({parameter.name for parameter in own}))

    @functools.wraps(command)
    def flagged(**arguments: Any) -> None:
        chosen = {name: arguments.pop(name) for name in [*inspect.signature(_recipe).parameters][:-1]}
        given = {flag.name: arguments.pop(flag.name) for flag in hidden}
        options = {name: value for name, value in given.items() if value is not None}
        with speaking(), blaming_usage():
            recipe = _recipe(**chosen, **options)
        command(**arguments, recipe=recipe)

    flagged.__signature__ = signature.replace(parameters=[*own, *hidden])  # type: ignore[attr-defined]
    return flagged


def _recipe(
    method: Method = "auto",
    prior: Prior = "auto",
    space: Space = "lab",
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="OPTION=VALUE",
            help="An option of the method, such as alpha0=5; may be repeated. See `pyvarcolor methods NAME`.",
            rich_help_panel=RUN,
        ),
    ] = None,
    **options: Any,
) -> Recipe:
    """What the flags choose."""
    return Recipe.of(method, prior=prior, space=space, **methods.parse_options(set_ or ()), **options)


def _flags(taken: Container[str]) -> Iterator[inspect.Parameter]:
    """A hidden parameter for each option of any method; None says that it was not given."""
    kinds: dict[str, Any] = {}
    for method in methods.names():
        for option in options_of(methods.get(method)):
            kinds.setdefault(option.name, _typed_kind(option.kind))
    for name, kind in kinds.items():
        if name not in taken and kind is not None:
            annotation = Annotated[kind | None, typer.Option(hidden=True)]  # type: ignore[valid-type]
            yield inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


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
