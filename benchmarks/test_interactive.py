"""One stroke more: from the strokes, as they are drawn, to RGB in uint8, by `Colorizer.update`.

Ten strokes are there; twenty more come one by one. Every update starts from the final answer to the strokes before, as
when the hand has rested. The cold call is held against the same exact answers.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from photographs import Photograph, strokes_on

from pyvarcolor import Colorization, Colorizer
from pyvarcolor.strokes.raster import rasterize

FIRST, LAST = 10, 30
NEAR = {"cold": 0.1, "preview": 0.5, "final": 0.1}
"""Mean distance from the exact a*, b*, of the median update"""


class Hand:
    """Draws one stroke after the other on a photograph that is coloured with a method."""

    def __init__(self, photograph: Photograph, method: str, threads: int) -> None:
        self.gray = np.rint(255 * photograph.gray).astype(np.uint8)
        self.strokes = strokes_on(photograph)
        self.options: dict[str, Any] = {"method": method, "threads": threads}
        exact = Colorizer(self.gray / 255, **self.options, tol=1e-4)
        self.exact = [self.update(exact, k).chroma.astype(np.float32) for k in range(FIRST + 1, LAST + 1)]

    def update(self, colorizer: Colorizer, count: int, preview: bool = False) -> Colorization:
        """The answer to the first `count` strokes."""
        return colorizer.update(rasterize(self.strokes[:count], self.gray.shape), preview=preview)

    def error(self, count: int, chroma: NDArray[np.floating]) -> float:
        """Mean distance from the exact colour."""
        return float(np.linalg.norm(chroma - self.exact[count - FIRST - 1], axis=2).mean())


@pytest.fixture(scope="module", params=["graph", "auto"])
def hand(request: pytest.FixtureRequest, photograph: Photograph, threads: int) -> Hand:
    return Hand(photograph, request.param, threads)


@pytest.mark.parametrize("kind", NEAR)
def test_one_stroke_more(benchmark, report: Callable[..., None], hand: Hand, kind: str) -> None:
    counts = iter(range(FIRST + 1, LAST + 1))
    colorizer = Colorizer(hand.gray, **hand.options)
    answers: list[tuple[int, Colorization]] = []

    def rest() -> tuple[tuple[int], dict[str, Any]]:
        count = next(counts)
        hand.update(colorizer, count - 1)
        return (count,), {}

    def update(count: int) -> None:
        asked = Colorizer(hand.gray, **hand.options) if kind == "cold" else colorizer
        answers.append((count, hand.update(asked, count, preview=kind == "preview")))

    benchmark.group = f"one stroke more, {hand.options['method']}"
    benchmark.pedantic(update, setup=rest, rounds=LAST - FIRST)
    while len(answers) < LAST - FIRST:  # where nothing is measured there was one round
        update(*rest()[0])
    errors = [hand.error(count, answer.chroma) for count, answer in answers]
    assert np.median(errors) < NEAR[kind]
    report(error=float(np.median(errors)), largest_error=max(errors))
    report(iterations=float(np.median([answer.report.iterations for _, answer in answers])))
