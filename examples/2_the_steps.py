"""The steps: what `colorize` does, spelled out with public functions, and how a run is watched and stopped.

python examples/2_the_steps.py [FOLDER]     writes 2_steps.png: gray beside colour
"""

import sys
from functools import partial
from pathlib import Path

import numpy as np

from pyvarcolor import Colorization, Progress, Recipe, colorize, kernels
from pyvarcolor.color import lightness_from_gray
from pyvarcolor.demo import load_demo
from pyvarcolor.io import write_photo
from pyvarcolor.photograph import Photograph
from pyvarcolor.pipeline import encode, fit
from pyvarcolor.strokes.raster import rasterize

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")

demo = load_demo()
gray = demo.gray[::2, ::2]  # vector strokes fit any size
strokes = rasterize(demo.strokes, gray.shape)


def watch(progress: Progress) -> None:
    """Follow the solver, and stop it when the colour is near enough for an example."""
    print(
        f"{progress.iteration:4d} iterations   energy {progress.energy:10.1f}   colour moved by {progress.change:.3f}"
    )
    if progress.change < 0.1:
        raise StopIteration


# A recipe: the method, and what is expected where nothing is painted, whose departure it spreads.
recipe = Recipe.of("graph", beta=3.0, prior="network")
expect, solve = recipe.expect, partial(recipe.solve, callback=watch)

# A photograph: its lightness, and what is made of it on the way.
photograph = Photograph(lightness_from_gray(gray), kernels.load())

# The five steps.
hints = fit(strokes, gray, photograph)
expected = expect(photograph, hints)
chroma, report = solve(photograph, hints, expected)
rgb, moved = encode(photograph, chroma, gray.dtype)
result = Colorization(rgb, chroma, moved, report, recipe.doubt(photograph, hints))

print(report)
print(f"{moved:.2%} of the pixels were too colourful for sRGB")

# The same in one call; and an earlier result is where the next run may start.
same = colorize(gray, strokes, method=recipe, callback=watch)
np.testing.assert_allclose(same.chroma, result.chroma, atol=0.01)  # linear algebra on another number of threads
further = colorize(gray, strokes, method=recipe, callback=watch, initial=result)
moved_by = np.linalg.norm(further.chroma - result.chroma, axis=2).mean()
print(f"{further.report.iterations} more iterations moved the colour by {moved_by:.3f}")

write_photo(folder / "2_steps.png", np.hstack([np.dstack([gray] * 3), rgb]), overwrite=True)
