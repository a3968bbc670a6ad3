"""The gate: a function's annotations say what its arguments must be, and each call is held to them, once.

Nothing is converted but numbers: a kernel would write to the copy. What is only read is handed on as a read-only view,
and no array that is written may share memory with another one.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import combinations
from numbers import Real
from operator import index
from types import ModuleType
from typing import Any, ClassVar, Protocol, TypeVar, get_type_hints

import numpy as np
from numpy.typing import NDArray

Function = TypeVar("Function", bound=Callable[..., Any])
Array = NDArray[Any]

_FLOATS = np.dtype(np.float32), np.dtype(np.float64)
_PICTURES = tuple(map(np.dtype, (np.uint8, np.uint16, np.float32, np.float64)))


@dataclass
class Call:
    """What the arrays of one call, so far, ask of those that follow.

    Parameters
    ----------
    module : ModuleType
        The backend.
    dtype : dtype or None
        Of the first array.
    sizes : dict
        What the letters of shapes stand for.
    """

    module: ModuleType
    dtype: np.dtype[Any] | None = None
    sizes: dict[str, int] = field(default_factory=dict)

    def size(self, letter: str, array: Array, name: str) -> int:
        """What a letter of a shape stands for; one not met before is settled by this array."""
        if letter.isdigit():
            return int(letter)
        if letter not in self.sizes:
            self.sizes[letter] = _SETTLE[letter](self.sizes, array, name)
        return self.sizes[letter]


def _any_channels(sizes: dict[str, int], array: Array, name: str) -> int:
    if array.ndim != 3:
        raise ValueError(f"{name} must have shape (H, C, W), but has shape {array.shape}")
    return int(array.shape[1])


def _one_of(few: int, many: int) -> Callable[[dict[str, int], Array, str], int]:
    def settle(sizes: dict[str, int], array: Array, name: str) -> int:
        if array.ndim != 3 or array.shape[1] not in (few, many):
            raise ValueError(f"{name} must have shape (H, {few}, W) or (H, {many}, W), but has shape {array.shape}")
        return int(array.shape[1])

    return settle


def _rows(sizes: dict[str, int], array: Array, name: str) -> int:
    return array.shape[0] if array.ndim else 0


_SETTLE: dict[str, Callable[[dict[str, int], Array, str], int]] = {
    "C": _any_channels,
    "G": _one_of(1, 3),
    "E": _one_of(2, 4),
    "N": _rows,
    "S": lambda sizes, array, name: sizes["H"] if _rows(sizes, array, name) else 0,
    "h": lambda sizes, array, name: (sizes["H"] + 1) // 4 + 1,
    "w": lambda sizes, array, name: (sizes["W"] + 1) // 4 + 1,
}
"""How letters of shapes are settled by the first array that has them; H and W are by the first one of all."""


class ArrayRule(Protocol):
    """What an array must be."""

    written: bool

    def check(self, array: Array, name: str, call: Call) -> None:
        """Raise TypeError or ValueError unless it is that."""
        ...


@dataclass(frozen=True)
class In:
    """An array of floats that is read.

    Parameters
    ----------
    shape : str
        Numbers and letters: ``"H 2 W"``. H and W are rows and columns of the first array; C any number of channels, G 1
        or 3 of them, E 2 or 4; N any number of rows, S as many as H or none; h and w are H and W of the coarse grid.
    """

    shape: str
    written: ClassVar[bool] = False

    def check(self, array: Array, name: str, call: Call) -> None:
        """The first one settles the dtype, H and W."""
        _check_is_array(array, name)
        if call.dtype is None:
            if array.dtype not in _FLOATS:
                raise TypeError(f"{name} must be float32 or float64, but is {array.dtype}")
            if array.size == 0:
                raise ValueError(f"{name} must hold at least one pixel, but has shape {array.shape}")
            call.dtype = array.dtype
            call.sizes["H"], call.sizes["W"] = (array.shape[0], array.shape[-1]) if array.ndim else (0, 0)
        shape = tuple(call.size(letter, array, name) for letter in self.shape.split())
        _check_memory(array, name, call.dtype, shape, self.written)


@dataclass(frozen=True)
class Out(In):
    """An array of floats that is written, and maybe read before."""

    written: ClassVar[bool] = True


@dataclass(frozen=True)
class Picture:
    """A picture (H, W, 3) that is written, in a dtype of its own."""

    written: ClassVar[bool] = True

    def check(self, array: Array, name: str, call: Call) -> None:
        """It comes after the array that settles H and W."""
        _check_is_array(array, name)
        if array.dtype not in _PICTURES:
            raise TypeError(f"{name} must be uint8, uint16, float32 or float64, but is {array.dtype}")
        _check_memory(array, name, array.dtype, (call.sizes["H"], call.sizes["W"], 3), True)


@dataclass(frozen=True)
class Doubles:
    """Numbers (1, count) in float64 that are written."""

    count: int
    written: ClassVar[bool] = True

    def check(self, array: Array, name: str, call: Call) -> None:
        """It depends on no other array."""
        _check_is_array(array, name)
        _check_memory(array, name, _FLOATS[1], (1, self.count), True)


@dataclass(frozen=True)
class Workspace:
    """Memory (1, multigrid_size) that is written; its size tells what it is laid out for."""

    written: ClassVar[bool] = True

    def check(self, array: Array, name: str, call: Call) -> None:
        """For as many neighbours as there are edges, if those came before."""
        _check_is_array(array, name)
        rows, cols, edges = call.sizes["H"], call.sizes["W"], call.sizes.get("E")
        neighbours = (4, 8) if edges is None else (2 * edges,)
        fits = [call.module.multigrid_size(rows, cols, near, more) for near in neighbours for more in (False, True)]
        size = array.size if array.size in fits else fits[0]
        _check_memory(array, name, call.dtype, (1, size), True)


@dataclass(frozen=True)
class Number:
    """A number, which takes the dtype of the arrays.

    Parameters
    ----------
    above : float
        What it must be above.
    """

    above: float = -np.inf

    def take(self, value: Any, name: str, scalar: type[Any]) -> Any:
        """The number, as a `scalar`; raise TypeError or ValueError unless it is one."""
        if type(value) is not float and not isinstance(value, Real):
            raise TypeError(f"{name} must be a number, but is {value!r}")
        if not float(value) > self.above:
            raise ValueError(f"{name} must be above {self.above:g}, but is {value!r}")
        return scalar(value)


@dataclass(frozen=True)
class Whole:
    """A whole number.

    Parameters
    ----------
    least : int
        What it must be at least.
    """

    least: int = 0

    def take(self, value: Any, name: str, scalar: type[Any]) -> int:
        """The number; raise TypeError or ValueError unless it is one."""
        try:
            number = index(value)
        except TypeError:
            raise TypeError(f"{name} must be a whole number, but is {value!r}") from None
        if number < self.least:
            raise ValueError(f"{name} must be at least {self.least}, but is {value!r}")
        return number


def gate(function: Function) -> Function:
    """Make a method of `Kernels` that checks its arguments by their annotations, and calls the backend's function.

    Parameters
    ----------
    function : callable
        Each annotation but that of `self` has the rule as its metadata.

    Returns
    -------
    callable
        With the same signature; it runs on the threads of its `Kernels`.

    Raises
    ------
    TypeError, ValueError
        By the call, naming the argument, the rule and what it is.
    """
    hints = get_type_hints(function, include_extras=True)
    names = tuple(inspect.signature(function).parameters)[1:]
    rules = {name: hints[name].__metadata__[0] for name in names}
    numbers = [(at, name, rules[name]) for at, name in enumerate(names) if isinstance(rules[name], Number | Whole)]
    arrays = [(at, name, rules[name]) for at, name in enumerate(names) if not isinstance(rules[name], Number | Whole)]
    kernel, passed_before = function.__name__, set[Any]()

    @functools.wraps(function)
    def checked(self: Any, *given: Any, **named: Any) -> Any:
        given += tuple(named.pop(name) for name in names[len(given) :] if name in named)
        if named or len(given) != len(names):
            raise TypeError(f"{kernel} takes {', '.join(names)}, but got {len(given)} of them and {[*named]}")
        arguments = list(given)
        # What solvers call again and again has passed before: only memory that is shared must be looked for each time.
        looks = self.backend, *[_look(given[at]) for at, _, _ in arrays]
        if looks not in passed_before:
            call = Call(self.module)
            for at, name, rule in arrays:
                rule.check(given[at], name, call)
            if len(passed_before) >= _REMEMBERED:
                passed_before.clear()
            passed_before.add(looks)
        _check_apart([(given[at], name, rule.written) for at, name, rule in arrays])
        for at, _, rule in arrays:
            if not rule.written:
                arguments[at] = given[at].view()
                arguments[at].setflags(write=False)
        scalar = given[arrays[0][0]].dtype.type
        for at, name, rule in numbers:
            arguments[at] = rule.take(given[at], name, scalar)
        self.module.set_threads(self.threads)
        return getattr(self.module, kernel)(*arguments)

    return checked  # type: ignore[return-value]


_REMEMBERED = 500  # looks of a kernel's arguments
_OWNS_MEMORY = 0x4  # NPY_ARRAY_OWNDATA


def _look(value: Any) -> Any:
    """All that checks of a single array depend on."""
    return (value.dtype, value.shape, value.flags.num) if type(value) is np.ndarray else object()


def _check_is_array(value: Any, name: str) -> None:
    if not isinstance(value, np.ndarray):
        raise TypeError(f"{name} must be a numpy.ndarray, but is {type(value).__name__}")


def _check_memory(array: Array, name: str, dtype: np.dtype[Any] | None, shape: tuple[int, ...], written: bool) -> None:
    if array.dtype != dtype:
        raise TypeError(f"{name} must be {dtype}, but is {array.dtype}")
    if array.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, but has shape {array.shape}")
    if not array.flags.c_contiguous:
        raise ValueError(f"{name} must be C-contiguous, but is strided")
    if written and not array.flags.writeable:
        raise ValueError(f"{name} must be writeable, but is read-only")


def _check_apart(arrays: list[tuple[Array, str, bool]]) -> None:
    """Raise ValueError if an array that is written shares memory with another one."""
    views = [each for each in arrays if not each[0].flags.num & _OWNS_MEMORY]
    if not views and len({id(array) for array, _, _ in arrays}) == len(arrays):
        return  # each owns its memory
    for (array, name, written), (other, other_name, other_written) in combinations(arrays, 2):
        if (written or other_written) and np.may_share_memory(array, other):
            raise ValueError(f"{other_name} must not share memory with {name}, for one of them is written")
