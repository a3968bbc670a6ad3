"""The gate: every function of the contract refuses what it must, in one sentence, whatever the backend."""

import pickle
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np
import pytest
from backends import load

from pyvarcolor import kernels as waist
from pyvarcolor.kernels import Kernels
from pyvarcolor.kernels.gate import Doubles, In, Number, Picture, Whole, Workspace

ROOT = Path(__file__).resolve().parents[1]

ROWS, COLS = 5, 4

SIZES = {"H": ROWS, "W": COLS, "C": COLS, "G": 1, "E": 2, "N": ROWS, "S": ROWS, "h": 2, "w": 2}
"""What the letters of shapes stand for."""


def read_contract() -> dict[str, dict[str, Any]]:
    """Names of the arguments of each function behind the gate, and what they must be."""
    functions = {
        name: function
        for name, function in vars(Kernels).items()
        if name[0] != "_" and hasattr(function, "__wrapped__")
    }
    hints = {name: get_type_hints(function, include_extras=True) for name, function in functions.items()}
    return {
        name: {of: hint.__metadata__[0] for of, hint in each.items() if of != "return"} for name, each in hints.items()
    }


CONTRACT = read_contract()
ARRAYS = [(f, name) for f, args in CONTRACT.items() for name, rule in args.items() if isinstance(rule, In | Picture)]
WRITTEN = {
    function: {name for name, rule in arguments.items() if getattr(rule, "written", False)}
    for function, arguments in CONTRACT.items()
}
MACHINE = {"simd_level", "available_threads", "set_threads", "multigrid_size"}
"""Functions of the backends that take no arrays."""


def workspace_of(backend: str, bilaplacian: bool = False) -> np.ndarray:
    """A workspace as one backend lays it out."""
    return np.zeros((1, load(backend).multigrid_size(ROWS, COLS, 4, bilaplacian)), np.float32)


def make_arguments(function: str, backend: str) -> dict[str, Any]:
    """Good arguments of a function, float32."""
    arguments: dict[str, Any] = {}
    for name, rule in CONTRACT[function].items():
        if isinstance(rule, Workspace):
            arguments[name] = workspace_of(backend)
        elif isinstance(rule, Doubles):
            arguments[name] = np.zeros((1, 4))
        elif isinstance(rule, Number | Whole):
            arguments[name] = 0.5 if isinstance(rule, Number) else 2
        else:
            letters = ["H", "W", "3"] if isinstance(rule, Picture) else rule.shape.split()
            arguments[name] = np.full([int(SIZES.get(each, each)) for each in letters], 0.5, np.float32)
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
    "a list": (lambda array: array.tolist(), TypeError, "must be a numpy.ndarray, but is list"),
}


def faulty_calls() -> list[tuple[str, str, str]]:
    """Each fault of each array of each function; the first array may have any number of columns."""
    return [
        (function, name, fault)
        for function, name in ARRAYS
        for fault in FAULTS
        if not (fault == "one column too many" and is_first(function, name))
        if not (fault == "read-only" and name not in WRITTEN[function])
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
def test_bad_workspace_and_progress(kernels: Kernels, function: str, name: str, fault: str) -> None:
    spoil, kind, rule = (WORKSPACE_FAULTS if name == "workspace" else PROGRESS_FAULTS)[fault]
    arguments = make_arguments(function, kernels.backend)
    arguments[name] = spoil(arguments[name])
    with pytest.raises(kind, match=f"^{name} {rule}$"):
        getattr(kernels, function)(**arguments)


def test_edges_are_2_or_4(kernels: Kernels) -> None:
    """And a workspace is laid out for as many."""
    edges = np.zeros((ROWS, 3, COLS), np.float32)
    message = r"^edges must have shape \(H, 2, W\) or \(H, 4, W\), but has shape \(5, 3, 4\)$"
    with pytest.raises(ValueError, match=message):
        kernels.graph_edges(edges[:, 0].copy(), 5.0, 3.0, 0.05, edges)
    with pytest.raises(ValueError, match=message):
        kernels.multigrid_weights(edges, workspace_of(kernels.backend))
    with pytest.raises(ValueError, match=r"^workspace must have shape \(1, \d+\), but has shape"):
        kernels.multigrid_weights(np.zeros((ROWS, 4, COLS), np.float32), workspace_of(kernels.backend))


def test_the_size_of_a_workspace_tells_what_it_is_for(kernels: Kernels) -> None:
    for rows, cols in [(1, 1), (1, 9), (5, 4), (300, 7)]:
        kinds = [(near, more) for near in (4, 8) for more in (False, True)]
        sizes = {kernels.multigrid_size(rows, cols, near, more) for near, more in kinds}
        assert len(sizes) == len(kinds)
        assert min(sizes) > 10 * rows * cols


def test_contract_is_implemented_and_nothing_else(kernels: Kernels) -> None:
    public = {name for name in dir(kernels.module) if callable(getattr(kernels.module, name)) and name[0] != "_"}
    assert public >= {*CONTRACT, *MACHINE}
    if kernels.backend == "cpp":
        assert public == {*CONTRACT, *MACHINE}


def test_numba_has_a_twin_of_each_header() -> None:
    """But for what NumPy and LLVM have: rows of views, clones of row kernels."""
    headers = {path.stem for path in (ROOT / "csrc" / "include" / "pyvarcolor").glob("*.hpp")}
    twins = {path.stem for path in Path(waist.__file__).parent.joinpath("numba_core").glob("[!_]*.py")}
    assert headers - twins == set()
    assert twins - headers == {"bindings"}


@pytest.mark.parametrize("function", WRITTEN)
def test_only_what_is_written_must_be_writeable(kernels: Kernels, function: str) -> None:
    arguments = make_arguments(function, kernels.backend)
    for name, value in arguments.items():
        if isinstance(value, np.ndarray) and name not in WRITTEN[function]:
            arguments[name] = lock(value)
    result = getattr(kernels, function)(**arguments)
    assert result is None or np.isfinite(result)


def test_arrays_from_another_process_are_welcome(kernels: Kernels) -> None:
    """Their dtype is equal to float32, but not the same object."""
    u = np.full((ROWS, 2, COLS), 0.5, np.float32)
    assert kernels.mean_change(pickle.loads(pickle.dumps(u)), u.copy()) == 0


NUMBER_FAULTS: list[tuple[str, str, Any, type[Exception], str]] = [
    ("heat_iterate", "n", 1.5, TypeError, "n must be a whole number, but is 1.5"),
    ("heat_iterate", "n", -1, ValueError, "n must be at least 0, but is -1"),
    ("heat_iterate", "time_step", "0.2", TypeError, "time_step must be a number, but is '0.2'"),
    ("tv_iterate", "n", 0, ValueError, "n must be at least 1, but is 0"),
    ("tgv_iterate", "n", 0, ValueError, "n must be at least 1, but is 0"),
    ("geodesic_blend", "nearest", 0, ValueError, "nearest must be at least 1, but is 0"),
    ("geodesic_blend", "per_pixel", -1.0, ValueError, "per_pixel must be above 0, but is -1"),
    ("geodesic_blend", "per_pixel", float("nan"), ValueError, "per_pixel must be above 0, but is nan"),
]


@pytest.mark.parametrize(("function", "name", "value", "kind", "sentence"), NUMBER_FAULTS)
def test_numbers_out_of_range(
    kernels: Kernels, function: str, name: str, value: Any, kind: type[Exception], sentence: str
) -> None:
    """Where the backends themselves would end the process, or never return."""
    with pytest.raises(kind, match=f"^{re.escape(sentence)}"):
        getattr(kernels, function)(**make_arguments(function, kernels.backend) | {name: value})


def alike(function: str) -> list[tuple[str, str]]:
    """Pairs of arrays of one shape, the first of which is written."""
    arguments = make_arguments(function, "numba")
    shapes = {name: value.shape for name, value in arguments.items() if isinstance(value, np.ndarray)}
    written = sorted(WRITTEN[function] & set(shapes))
    return [(one, other) for one in written for other in shapes if one != other and shapes[one] == shapes[other]]


@pytest.mark.parametrize(("function", "one", "other"), [(f, *pair) for f in WRITTEN for pair in alike(f)])
def test_what_is_written_shares_no_memory(kernels: Kernels, function: str, one: str, other: str) -> None:
    arguments = make_arguments(function, kernels.backend)
    arguments[other] = arguments[one]
    with pytest.raises(ValueError, match=rf"^({one}|{other}) must not share memory with ({one}|{other}), for one of"):
        getattr(kernels, function)(**arguments)
    both = np.zeros((2, *arguments[one].shape), arguments[one].dtype)
    arguments[one], arguments[other] = both  # beside each other
    getattr(kernels, function)(**arguments)


def test_overlapping_views_share_memory(kernels: Kernels) -> None:
    memory = np.zeros((ROWS + 1, 2, COLS), np.float32)
    with pytest.raises(ValueError, match="previous must not share memory with u"):
        kernels.mean_change(memory[1:], memory[:-1])


def test_arguments_have_names_and_an_order(kernels: Kernels) -> None:
    u, previous = np.zeros((2, ROWS, 2, COLS), np.float32)
    assert kernels.mean_change(u, previous) == kernels.mean_change(previous=previous, u=u) == 0
    for given, named in [((u,), {}), ((u, previous, u), {}), ((u,), {"before": previous}), ((u, previous), {"u": u})]:
        with pytest.raises(TypeError, match=r"^mean_change takes u, previous, but got"):
            kernels.mean_change(*given, **named)


def test_threads_are_those_of_the_call(backend: str) -> None:
    """Of two in one process each runs on its own, whichever was loaded last."""
    two, three = replace(load(backend), threads=2), replace(load(backend), threads=3)
    seen: list[int] = []
    module = two.module

    class Spy:
        def __getattr__(self, name: str) -> Any:
            return seen.append if name == "set_threads" else getattr(module, name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Kernels, "module", Spy())
        for kernels in (two, three, two):
            kernels.mean_change(np.zeros((4, 2, 5)), np.zeros((4, 2, 5)))
    assert seen == [2, 3, 2]
