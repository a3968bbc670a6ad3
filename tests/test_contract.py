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
    "u": 2, "previous": 2, "scratch": 2, "hints": 2, "out": 2, "r": 2, "z": 2, "chroma": 2, "v": 4, "p": 4, "q": 6,
    "b": 2, "g": 1, "edges": 2, "w": 8, "windows": 2, "fits": 4, "tau": 2, "sigma": 3, "features": COLS,
}  # fmt: skip
"""Channels of an argument (rows, channels, cols); all others are planes (rows, cols), and pictures (rows, cols, 3)."""

OTHER_CHANNELS = {
    ("edge_tensor", "g"): 3,
    ("tv_iterate", "tau"): None,
    ("tv_iterate", "sigma"): None,
}

OTHER_SHAPES = {
    ("kriging_add", "weights"): (ROWS, 2),  # of as many sites as there are rows
    ("matting_restrict", "coarse"): (2, 4, 2),
    ("matting_prolong", "coarse"): (2, 4, 2),
}

WRITTEN = {
    "edge_weight": "g", "edge_tensor": "g", "graph_edges": "edges", "levin_weights": "w", "levin_apply": "out",
    "mean_change": "previous", "encode_rgb": "rgb", "heat_iterate": "u scratch", "kriging_add": "u",
    "geodesic_blend": "u",
    "matting_windows": "windows", "matting_diagonal": "inverse", "matting_residual": "fits r",
    "matting_restrict": "coarse", "matting_prolong": "u",
    "multigrid_weights": "workspace", "multigrid_setup": "workspace", "multigrid_start": "u workspace progress",
    "multigrid_cg": "u workspace progress", "multigrid_cycle": "workspace z",
    "tv_edges": "edges", "tv_iterate": "u p", "tv_energy": "", "tgv_iterate": "u v p q r", "tgv_forward": "p q r",
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


def workspace_of(backend: str, bilaplacian: bool = False) -> np.ndarray:
    """A workspace as one backend lays it out."""
    return np.zeros((1, load(backend).multigrid_size(ROWS, COLS, 4, bilaplacian)), np.float32)


def make_arguments(function: str, backend: str) -> dict[str, Any]:
    """Good arguments of a function, float32."""
    arguments: dict[str, Any] = {}
    for name, kind in CONTRACT[function].items():
        channels = OTHER_CHANNELS.get((function, name), CHANNELS.get(name))
        shape = (ROWS, COLS) if channels is None else (ROWS, channels, COLS)
        shape = (ROWS, COLS, 3) if kind == "Picture" else OTHER_SHAPES.get((function, name), shape)
        if kind == "Workspace":
            arguments[name] = workspace_of(backend)
        elif kind == "Numbers":
            arguments[name] = np.zeros((1, 4))
        else:
            arguments[name] = {"float": 0.5, "int": 2, "bool": False}.get(kind, np.full(shape, 0.5, np.float32))
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
    "one axis too many": (widen, ValueError, r"must have shape \(.*\), but has shape \([25], 1, "),
    "one column too many": (lengthen, ValueError, r"must have shape \(.*[234]\), but has shape \([25],.* [345]\)"),
    "empty": (lambda array: array[:, ..., :0], ValueError, r"must .*, but has shape \([25],.* 0\)"),
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
    sentences = set()
    for backend in waist.available():
        arguments = make_arguments(function, backend)
        arguments[name] = spoil(arguments[name])
        with pytest.raises(kind, match=rule) as error:
            getattr(load(backend), function)(**arguments)
        sentences.add(str(error.value))
    if fault != "a list":  # pybind11 has words of its own for that
        assert len(sentences) == 1
        assert sentences.pop().startswith(f"{name} must ")


WORKSPACE_FAULTS: dict[str, tuple[Callable[[np.ndarray], Any], type[Exception], str]] = {
    "too long": (lengthen, ValueError, r"must have shape \(1, \d+\), but has shape \(1, \d+\)"),
    "one axis too few": (lambda array: array[0], ValueError, r"must have shape \(1, \d+\), but has shape \(\d+,\)"),
    "other dtype": (lambda array: array.astype(np.float64), TypeError, "must be float32, but is float64"),
    "strided": (stride, ValueError, "must be C-contiguous, but is strided"),
    "read-only": (lock, ValueError, "must be writeable, but is read-only"),
}
"""Its size is each backend's own, so that sentences with numbers differ."""

PROGRESS_FAULTS: dict[str, tuple[Callable[[np.ndarray], Any], type[Exception], str]] = {
    "float32": (lambda array: array.astype(np.float32), TypeError, "must be float64, but is float32"),
    "too long": (lengthen, ValueError, r"must have shape \(1, 4\), but has shape \(1, 5\)"),
    "strided": (stride, ValueError, "must be C-contiguous, but is strided"),
    "read-only": (lock, ValueError, "must be writeable, but is read-only"),
}


@pytest.mark.parametrize(
    ("function", "name", "fault"),
    [
        (function, name, fault)
        for name, faults in [("workspace", WORKSPACE_FAULTS), ("progress", PROGRESS_FAULTS)]
        for function in CONTRACT
        if name in CONTRACT[function]
        for fault in faults
    ],
)
def test_bad_workspace_and_progress(kernels: waist.Kernels, function: str, name: str, fault: str) -> None:
    spoil, kind, rule = (WORKSPACE_FAULTS if name == "workspace" else PROGRESS_FAULTS)[fault]
    arguments = make_arguments(function, kernels.backend)
    arguments[name] = spoil(arguments[name])
    with pytest.raises(kind, match=f"^{name} {rule}$"):
        getattr(kernels, function)(**arguments)


def test_edges_are_2_or_4(kernels: waist.Kernels) -> None:
    """And a workspace is laid out for as many."""
    edges = np.zeros((ROWS, 3, COLS), np.float32)
    message = r"^edges must have shape \(H, 2, W\) or \(H, 4, W\), but has shape \(5, 3, 4\)$"
    with pytest.raises(ValueError, match=message):
        kernels.graph_edges(edges[:, 0].copy(), 5.0, 3.0, 0.05, edges)
    with pytest.raises(ValueError, match=message):
        kernels.multigrid_weights(edges, workspace_of(kernels.backend))
    with pytest.raises(ValueError, match=r"^workspace must have shape \(1, \d+\), but has shape"):
        kernels.multigrid_weights(np.zeros((ROWS, 4, COLS), np.float32), workspace_of(kernels.backend))


def test_the_size_of_a_workspace_tells_what_it_is_for(kernels: waist.Kernels) -> None:
    for rows, cols in [(1, 1), (1, 9), (5, 4), (300, 7)]:
        kinds = [(near, more) for near in (4, 8) for more in (False, True)]
        sizes = {kernels.multigrid_size(rows, cols, near, more) for near, more in kinds}
        assert len(sizes) == len(kinds)
        assert min(sizes) > 10 * rows * cols


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
    arguments = make_arguments(function, kernels.backend)
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
    arguments = make_arguments("heat_iterate", kernels.backend) | {"n": 1.5}
    with pytest.raises(TypeError):
        kernels.heat_iterate(**arguments)
