"""What is made of a photograph: once for each value of the arguments, and nothing that hints have a part in."""

import numpy as np
import pytest
from backends import load

from pyvarcolor import methods
from pyvarcolor.hints import Hints
from pyvarcolor.photograph import Photograph


def brighter(photograph, by=1.0, *, times=1.0):
    """Lightness, otherwise."""
    return photograph.lightness * times + by


def darker(photograph, by=1.0):
    return photograph.lightness - by


def blank():
    return Photograph(np.full((6, 8), 50.0), load("cpp"))


def test_what_is_made_is_made_once_for_each_value():
    photograph = blank()
    once = photograph.made(brighter, 5)
    assert photograph.made(brighter, 5.0) is once
    others = [photograph.made(brighter, 6), photograph.made(darker, 5), photograph.made(brighter, 5, times=2)]
    assert all(other is not once for other in others)
    assert [other[0, 0] for other in others] == [56, 45, 105]
    assert blank().made(brighter, 5) is not once


def test_what_fails_is_not_kept():
    photograph, tries = blank(), []

    def failing(photograph):
        tries.append(photograph)
        if len(tries) == 1:
            raise MemoryError("none left")
        return photograph.lightness

    with pytest.raises(MemoryError):
        photograph.made(failing)
    assert photograph.made(failing) is photograph.lightness


def test_lightness_is_laid_out_for_kernels():
    turned = Photograph(np.full((8, 6), 50.0).T, load("cpp"))
    assert turned.lightness.flags.c_contiguous
    assert turned.shape == (6, 8)


def test_options_of_another_value_get_a_multigrid_of_their_own():
    photograph = blank()
    hints = Hints.from_points([(3, 3, (20, 10))], (6, 8))
    for options in ({}, {"edge_scale": 2.0}, {"edge_blur": 0.0}, {"beta": 1.0}, {}):
        methods.make("graph", **options).solve(photograph, hints)
    made = [each for each in photograph._made.values() if type(each).__name__ == "Multigrid"]
    assert len(made) == 4
