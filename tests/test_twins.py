"""C++ against Numba, and one thread against several, on random arguments of every function of the contract."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from backends import load
from test_contract import CONTRACT

from pyvarcolor.kernels import Kernels
from pyvarcolor.kernels.gate import Doubles, In, Number, Out, Picture, Whole, Workspace

Draw = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]

SEEDS = range(4)


def weights(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Scalars, or tensors (xx, xy, yy) that are positive definite."""
    g = random.uniform(0.3, 1, shape)
    if shape[1] == 3:
        g[:, 1] = random.uniform(-0.2, 0.2, (shape[0], shape[2]))
    return g


def edges(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Positive, but 0 over the border."""
    drawn = random.uniform(0.05, 1, shape)
    drawn[:, 0, -1] = drawn[-1, 1] = 0
    if shape[1] == 4:
        drawn[-1, 2:] = drawn[:, 2, -1] = drawn[:, 3, 0] = 0
    return drawn


def hint_weights(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """None, soft and hard ones; one at least is hard."""
    drawn = np.choose(random.choice(3, shape, p=[0.8, 0.1, 0.1]), [0, random.uniform(0.1, 2, shape), np.inf])
    drawn[0, 0] = np.inf
    return drawn


LIKELY: dict[str, Draw] = {
    "lightness": lambda random, shape: random.uniform(0, 100, shape),
    "gray": lambda random, shape: random.uniform(0, 1, shape),
    "chroma": lambda random, shape: random.normal(0, 60, shape),
    "hint_weight": hint_weights,
    "g": weights,
    "edges": edges,
    "strokes": lambda random, shape: random.integers(0, 5, shape),
    **dict.fromkeys(("tau", "sigma", "s", "windows", "w"), lambda random, shape: random.uniform(0.05, 0.3, shape)),
}
"""What arrays hold that are no random state."""

NUMBERS = {"scale": 5.0, "power": 2.5, "floor": 0.05, "time_step": 0.2, "relaxation": 1.8, "first": 1.0, "epsilon": 0.7}


def draw(function: str, seed: int, dtype: type, size: tuple[int, int] | None = None) -> dict[str, Any]:
    """Arguments as the annotations ask for them; those that each backend makes itself, such as workspaces, are None."""
    random = np.random.default_rng([seed, *function.encode()])
    rows, cols = size or random.integers(1, 40, 2)
    letters = {
        "H": rows,
        "W": cols,
        "h": (rows + 1) // 4 + 1,
        "w": (cols + 1) // 4 + 1,
        "C": random.integers(1, 6),
        "G": random.choice([1, 3]),
        "E": random.choice([2, 4]),
        "N": random.integers(1, 5),
        "S": random.choice([0, rows]),
    }
    arguments: dict[str, Any] = {}
    for name, rule in CONTRACT[function].items():
        if isinstance(rule, In):
            shape = tuple(int(letters.get(letter, letter)) for letter in rule.shape.split())
            drawn = LIKELY.get(name, lambda random, shape: random.normal(0, 10, shape))(random, shape)
            arguments[name] = np.ascontiguousarray(drawn, dtype)
        elif isinstance(rule, Picture):
            arguments[name] = np.zeros((rows, cols, 3), random.choice(["u1", "u2", "f4", "f8"]))
        elif isinstance(rule, Number):
            arguments[name] = NUMBERS.get(name, float(random.uniform(0.5, 3)))
        elif isinstance(rule, Whole):
            arguments[name] = int(random.integers(1, 5))
        else:
            arguments[name] = None
    if "beta" in arguments:
        arguments["beta"] = float(random.choice([0.0, 2.0]))
    if "hints" in arguments:
        held = arguments["hint_weight"][:, None] > 0
        arguments["hints"] = np.where(held, arguments["hints"], dtype(0))
    return arguments


def run(kernels: Kernels, function: str, arguments: dict[str, Any]) -> dict[str, np.ndarray]:
    """What a function writes and returns; memory that is laid out as the backend likes is left out."""
    arguments = {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in arguments.items()}
    rules = CONTRACT[function]
    if "workspace" in arguments:
        arguments |= levels(kernels, function, arguments)
    result = getattr(kernels, function)(**arguments)
    written = {name: arguments[name] for name, rule in rules.items() if isinstance(rule, Out | Picture)}
    if "progress" in arguments:
        written["energy"] = arguments["progress"][0, 2:]
    return written | ({} if result is None else {"result": np.asarray(result)})


def levels(kernels: Kernels, function: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """A workspace that is as far set up as the function takes it, and progress."""
    first = next(iter(arguments.values()))
    (rows, *_, cols), random = first.shape, np.random.default_rng(4021)
    four = edges(random, (rows, 4, cols)).astype(first.dtype)
    given = arguments.get("edges", four)
    bilaplacian = arguments.get("beta", 0) > 0
    size = kernels.multigrid_size(rows, cols, 2 * given.shape[1], bilaplacian)
    made: dict[str, Any] = {"workspace": np.zeros((1, size), first.dtype)}
    weight = arguments.get("hint_weight", hint_weights(random, (rows, cols)).astype(first.dtype))
    if function != "multigrid_weights":
        kernels.multigrid_weights(given, made["workspace"])
    if function not in ("multigrid_weights", "multigrid_setup"):
        kernels.multigrid_setup(weight, made["workspace"])
    if "progress" in arguments:
        made["progress"] = np.zeros((1, 4))
    if function == "multigrid_cg":
        hints = np.where(weight[:, None] > 0, random.normal(0, 10, (rows, 2, cols)), 0).astype(first.dtype)
        kernels.multigrid_start(arguments["u"], hints, weight, 1.0, arguments["beta"], *made.values())
    return made


def near(dtype: type) -> float:
    """Rounding that sums of a few hundred terms may show, of the largest one."""
    return 5e-4 if dtype == np.float32 else 1e-9


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("function", CONTRACT)
def test_cpp_and_numba_write_the_same(both: tuple[Kernels, Kernels], function: str, dtype: type, seed: int) -> None:
    arguments = draw(function, seed, dtype)
    cpp, numba = (run(kernels, function, arguments) for kernels in both)
    for name, expected in cpp.items():
        integers = expected.dtype.kind == "u"
        atol = 1 if integers else near(dtype) * max(1, np.abs(expected).max(initial=0))
        np.testing.assert_allclose(
            numba[name].astype(float), expected.astype(float), rtol=0, atol=atol, err_msg=f"{name}, seed {seed}"
        )


@pytest.mark.parametrize("function", CONTRACT)
def test_any_number_of_threads_writes_the_same_bits(backend: str, function: str) -> None:
    arguments = draw(function, 7, np.float32, (170, 150))  # large enough for three threads in C++
    one = run(load(backend, 1), function, arguments)
    for threads in (2, 3):
        many = run(load(backend, threads), function, arguments)
        for name, expected in one.items():
            np.testing.assert_array_equal(many[name], expected, err_msg=f"{name}, {threads} threads")


@pytest.mark.parametrize("function", CONTRACT)
def test_single_precision_is_near_double(kernels: Kernels, function: str) -> None:
    single, double = (run(kernels, function, draw(function, 11, dtype)) for dtype in (np.float32, np.float64))
    for name, expected in double.items():
        if expected.dtype.kind == "f" and name != "energy":
            atol = near(np.float32) * max(1, np.abs(expected).max(initial=0))
            np.testing.assert_allclose(single[name], expected, rtol=0, atol=atol, err_msg=name)


def test_every_kind_of_argument_is_drawn() -> None:
    rules = {type(rule) for arguments in CONTRACT.values() for rule in arguments.values()}
    assert rules == {In, Out, Picture, Number, Whole, Workspace, Doubles}
    shapes = {np.shape(draw("tgv_energy", seed, np.float32)["s"])[0] > 0 for seed in SEEDS}
    channels = {draw("tgv_energy", seed, np.float32)["g"].shape[1] for seed in SEEDS}
    assert (shapes, channels) == ({False, True}, {1, 3})
