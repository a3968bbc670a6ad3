"""The backends that tests run over; PYVARCOLOR_REQUIRE_BACKENDS=cpp,numba makes a missing one a failure."""

import os
from dataclasses import replace

import pytest

from pyvarcolor import kernels as waist


def load(name: str, threads: int = 2) -> waist.Kernels:
    """The kernels of a backend on so many threads, even where there are fewer processors to run them.

    Skips the test if the backend is missing, fails it if it is required.
    """
    try:
        kernels = waist.load(name)
    except waist.BackendError as error:
        if name in os.environ.get("PYVARCOLOR_REQUIRE_BACKENDS", "").split(","):
            pytest.fail(f"required backend is missing: {error}")
        pytest.skip(str(error))
    return replace(kernels, threads=threads)


@pytest.fixture(params=waist.BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """Name of each backend in turn."""
    load(request.param)
    return str(request.param)


@pytest.fixture
def kernels(backend: str) -> waist.Kernels:
    """The kernels of each backend in turn, with two threads."""
    return load(backend)


@pytest.fixture
def both() -> tuple[waist.Kernels, waist.Kernels]:
    """C++ and Numba, for tests that compare them."""
    return load("cpp"), load("numba")
