"""`_core.pyi`, C++ and Numba agree: the same functions, arguments and sentences for bad arrays."""

import ast
import inspect
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from backends import load

from pyvarcolor import kernels as waist

ROWS, COLS = 5, 4

CHANNELS = {
    "u": 2, "previous": 2, "scratch": 2, "hints": 2, "out": 2, "residual": 2, "direction": 2, "image": 2,
    "r": 2, "chroma": 2, "v": 4, "p": 4, "q": 6, "g": 1, "w": 8, "tau": 2, "sigma": 3,
}  # fmt: skip
"""Channels of an argument (rows, channels, cols); all others are planes (rows, cols), and pictures (rows, cols, 3)."""

OTHER_CHANNELS = {
    ("edge_tensor", "g"): 3,
    ("tv_iterate", "tau"): None,
    ("tv_iterate", "sigma"): None,
}

WRITTEN = {
    "edge_weight": "g", "edge_tensor": "g", "graph_weights": "w", "levin_weights": "w",
    "mean_change": "previous", "encode_rgb": "rgb", "heat_iterate": "u scratch", "graph_apply": "scratch out",
    "graph_energy": "scratch",
    "graph_cg_start": "u residual direction image scratch", "graph_cg": "u residual direction image scratch",
    "tv_iterate": "u p", "tv_energy": "", "tgv_iterate": "u v p q r", "tgv_forward": "p q r",
    "tgv_adjoint": "u v", "tgv_energy": "",
}  # fmt: skip
"""Arguments that a function writes to."""


def read_contract() -> dict[str, dict[str, str]]:
    """Argument names and annotations of each function in `_core.pyi`."""
    source = Path(waist.__file__).with_name("_core.pyi").read_text(encoding="utf-8")
    functions = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    return {f.name: {a.arg: ast.unparse(a.annotation) for a in f.args.args if a.annotation} for f in functions}


CONTRACT = read_contract()
ARRAYS = [(f, name) for f, args in CONTRACT.items() for name, kind in args.items() if kind in ("Array", "Picture")]


def make_arguments(function: str) -> dict[str, Any]:
    """Good arguments of a function, float32."""
    arguments: dict[str, Any] = {}
    for name, kind in CONTRACT[function].items():
        channels = OTHER_CHANNELS.get((function, name), CHANNELS.get(name))
        shape = (ROWS, COLS) if channels is None else (ROWS, channels, COLS)
        shape = (ROWS, COLS, 3) if kind == "Picture" else shape
        arguments[name] = {"float": 0.5, "int": 2}.get(kind, np.full(shape, 0.5, np.float32))
    return arguments


def is_first(function: str, name: str) -> bool:
    """Whether an argument decides the size and dtype of all others."""
    return next(iter(CONTRACT[function])) == name


def widen(array: np.ndarray) -> np.ndarray:
    """One axis too many."""
    return array[:, None]


def lengthen(array: np.ndarray) -> np.ndarray:
    """One column too many."""
    return np.concatenate([array, array[..., :1]], axis=-1)


def stride(array: np.ndarray) -> np.ndarray:
    """The same values, every other place in memory."""
    return np.repeat(array, 2, axis=-1)[..., ::2]


def lock(array: np.ndarray) -> np.ndarray:
    """Read-only."""
    array = array.copy()
    array.flags.writeable = False
    return array


FAULTS: dict[str, tuple[Callable[[np.ndarray], Any], type[Exception], str]] = {
    "integers": (lambda array: array.astype(np.int32), TypeError, "but is int32"),
    "float16": (lambda array: array.astype(np.float16), TypeError, "but is float16"),
    "other byte order": (lambda array: array.astype(array.dtype.newbyteorder()), TypeError, "but is [<>]f4"),
    "one axis too many": (widen, ValueError, r"must have shape \(.*\), but has shape \(5, 1, "),
    "one column too many": (lengthen, ValueError, r"must have shape \(.*[34]\), but has shape \(5,.* [45]\)"),
    "empty": (lambda array: array[:, ..., :0], ValueError, r"must .*, but has shape \(5,.* 0\)"),
    "strided": (stride, ValueError, "must be C-contiguous, but is strided"),
    "read-only": (lock, ValueError, "must be writeable, but is read-only"),
    "a list": (
        lambda array: array.tolist(),
        TypeError,
        "incompatible function arguments|must be a numpy.ndarray",
    ),
}


def faulty_calls() -> list[tuple[str, str, str]]:
    """Each fault of each array of each function; the first array may have any number of columns."""
    return [
        (function, name, fault)
        for function, name in ARRAYS
        for fault in FAULTS
        if not (fault == "one column too many" and is_first(function, name))
        if not (fault == "read-only" and name not in WRITTEN[function].split())
    ]


@pytest.mark.parametrize(("function", "name", "fault"), faulty_calls())
def test_bad_arrays_get_the_same_sentence(function: str, name: str, fault: str) -> None:
    spoil, kind, rule = FAULTS[fault]
    arguments = make_arguments(function)
    arguments[name] = spoil(arguments[name])
    sentences = set()
    for backend in waist.available():
        with pytest.raises(kind, match=rule) as error:
            getattr(load(backend), function)(**arguments)
        sentences.add(str(error.value))
    if fault != "a list":  # pybind11 has words of its own for that
        assert len(sentences) == 1
        assert sentences.pop().startswith(f"{name} must ")


def test_contract_is_implemented_and_nothing_else(kernels: waist.Kernels) -> None:
    public = {name for name in dir(kernels._module) if callable(getattr(kernels._module, name)) and name[0] != "_"}
    assert public == set(CONTRACT)


@pytest.mark.parametrize("function", CONTRACT)
def test_numba_has_the_arguments_of_the_contract(function: str) -> None:
    assert list(inspect.signature(getattr(load("numba"), function)).parameters) == list(CONTRACT[function])


@pytest.mark.parametrize("function", CONTRACT)
def test_cpp_has_the_arguments_of_the_contract(function: str) -> None:
    signature = getattr(load("cpp"), function).__doc__.splitlines()[0]
    names = re.findall(r"(\w+): ", signature)
    assert names == list(CONTRACT[function])


@pytest.mark.parametrize("function", WRITTEN)
def test_only_what_is_written_must_be_writeable(kernels: waist.Kernels, function: str) -> None:
    arguments = make_arguments(function)
    for name, value in arguments.items():
        if isinstance(value, np.ndarray) and name not in WRITTEN[function].split():
            arguments[name] = lock(value)
    result = getattr(kernels, function)(**arguments)
    assert result is None or np.isfinite(result)


def test_arrays_from_another_process_are_welcome(kernels: waist.Kernels) -> None:
    """Their dtype is equal to float32, but not the same object."""
    u = np.full((ROWS, 2, COLS), 0.5, np.float32)
    assert kernels.mean_change(pickle.loads(pickle.dumps(u)), u.copy()) == 0


def test_whole_arguments_must_be_numbers(kernels: waist.Kernels) -> None:
    arguments = make_arguments("heat_iterate") | {"n": 1.5}
    with pytest.raises(TypeError):
        kernels.heat_iterate(**arguments)
