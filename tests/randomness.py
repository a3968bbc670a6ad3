"""Random numbers of a test's own: other ones for each test and each of its parameters, whichever ran before."""

import zlib

import numpy as np
import pytest

_generators: list[np.random.Generator] = []


def rng() -> np.random.Generator:
    """The generator of the test that runs."""
    return _generators[-1]


@pytest.fixture(autouse=True)
def own_random_numbers(request: pytest.FixtureRequest) -> None:
    """Seed it by the name of the test."""
    _generators[:] = [np.random.default_rng(zlib.crc32(request.node.nodeid.encode()))]
