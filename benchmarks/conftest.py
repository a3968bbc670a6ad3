"""The photograph that all benchmarks share, and the numbers they print beside the time."""

from collections.abc import Callable

import pytest
from photographs import Photograph, draw_strokes, mosaic

from pyvarcolor import Hints


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--shrink", type=int, default=1, help="keep every n-th row and column, for a quick try")
    parser.addoption("--threads", type=int, default=2, help="of ours and of OpenCV, where they are not the question")


@pytest.fixture(scope="session")
def photograph(request: pytest.FixtureRequest) -> Photograph:
    return mosaic(request.config.getoption("--shrink"))


@pytest.fixture(scope="session")
def threads(request: pytest.FixtureRequest) -> int:
    return request.config.getoption("--threads")


@pytest.fixture(scope="session")
def hints(photograph: Photograph) -> Hints:
    return draw_strokes(photograph)


@pytest.fixture
def report(benchmark, record_property: Callable[[str, object], None]) -> Callable[..., None]:
    """Note numbers: for the file of pytest-benchmark, and for the end of the run."""

    def note(**numbers: float | str) -> None:
        benchmark.extra_info.update(numbers)
        for name, number in numbers.items():
            record_property(name, number)

    return note


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.section("beside the time")
    for test in terminalreporter.getreports("passed"):
        numbers = ", ".join(f"{name} {_short(number)}" for name, number in test.user_properties)
        terminalreporter.write_line(f"{test.nodeid.partition('::')[2]:50} {numbers}")


def _short(number: object) -> str:
    """Four digits of a float; all else as it is."""
    return f"{number:.4g}" if isinstance(number, float) else str(number)
