"""One thread for linear algebra while colour is solved for, and as many as before afterwards."""

import numpy as np
import pytest
import scipy.linalg  # noqa: F401 (it brings a BLAS of its own)
from threadpoolctl import threadpool_info, threadpool_limits

from pyvarcolor import Hints, colorize
from pyvarcolor.kernels.blas import OneBlasThread


def threads():
    """Of each BLAS that is loaded."""
    return [each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"]


@pytest.fixture(params=[1, 2, 3])
def before(request):
    with threadpool_limits(request.param, "blas"):
        yield threads()


def test_solvers_leave_the_processors_to_kernels(before):
    seen = []
    hints = Hints.from_points([(10, 15, (40, 30))], (40, 60))
    colorize(np.full((40, 60), 128, np.uint8), hints, method="tv", callback=lambda _: seen.append(threads()))
    assert seen
    assert all(set(each) == {1} for each in seen)
    assert threads() == before


def test_what_was_before_comes_back_when_the_last_is_through(before):
    one_blas_thread = OneBlasThread()
    with one_blas_thread:
        first, second = one_blas_thread, one_blas_thread
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        assert set(threads()) == {1}
        second.__exit__(None, None, None)
        assert set(threads()) == {1}
    assert threads() == before


def test_it_comes_back_after_an_error(before):
    def fail(_):
        raise ZeroDivisionError

    hints = Hints.from_points([(10, 15, (40, 30))], (40, 60))
    with pytest.raises(ZeroDivisionError):
        colorize(np.full((40, 60), 128, np.uint8), hints, method="tv", callback=fail)
    assert threads() == before
