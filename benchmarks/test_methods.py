"""Whole calls of `colorize` on the photograph with its strokes, and rivals alone: seconds, iterations and quality."""

from collections.abc import Callable

import numpy as np
import pytest
from photographs import Photograph
from rivals import RIVALS

from pyvarcolor import Hints, colorize
from pyvarcolor.color import lightness_from_gray

GAIN = {
    "graph": 3.0,
    "auto": 3.0,
    "tv": 3.0,
    "tgv": 3.0,
    "bilateral": 3.0,
    "random-walker": 3.0,
    "geodesic": 3.0,
    "heat": 0.1,
}
"""What a method must at least add to the PSNR of gray, in dB."""


@pytest.mark.filterwarnings("ignore::pyvarcolor.NotConvergedWarning")
@pytest.mark.parametrize("method", GAIN)
def test_colorize(benchmark, report: Callable[..., None], photograph: Photograph, hints: Hints, method: str) -> None:
    benchmark.group = "colorize"
    result = benchmark.pedantic(colorize, (photograph.gray, hints), {"method": method}, rounds=1)
    solved = result.report
    gray, psnr = photograph.psnr(np.zeros_like(result.chroma)), photograph.psnr(result.chroma)
    report(backend=solved.backend, threads=solved.threads, iterations=solved.iterations)
    report(stopped_by=solved.stopped_by, psnr=psnr, psnr_of_gray=gray)
    assert psnr > gray + GAIN[method]


@pytest.mark.slow
@pytest.mark.parametrize("rival", sorted(RIVALS.keys() - {"gray"}))
def test_rival(benchmark, report: Callable[..., None], photograph: Photograph, hints: Hints, rival: str) -> None:
    benchmark.group = "colorize"
    lightness = lightness_from_gray(photograph.gray)
    chroma = benchmark.pedantic(RIVALS[rival], (lightness, hints), rounds=1)
    gray, psnr = photograph.psnr(np.zeros_like(chroma)), photograph.psnr(chroma)
    report(psnr=psnr, psnr_of_gray=gray)
    assert psnr > gray + 2
