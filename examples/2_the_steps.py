"""The steps: what `colorize` does, spelled out with public functions, and how a run is watched and stopped.

python examples/2_the_steps.py [FOLDER]     writes 2_steps.png: gray beside colour
"""

import sys
from pathlib import Path

import numpy as np

from pyvarcolor import Progress, colorize, kernels, methods
from pyvarcolor.color import lab_to_rgb, lightness_from_gray, project_to_gamut
from pyvarcolor.demo import load_demo
from pyvarcolor.io import write_photo
from pyvarcolor.strokes.raster import rasterize

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")

demo = load_demo()
gray = demo.gray[::2, ::2]  # vector strokes fit any size
hints = rasterize(demo.strokes, gray.shape)


def watch(look: Progress) -> None:
    """Follow the solver, and stop it when the colour is near enough for an example."""
    print(f"{look.iteration:4d} iterations   energy {look.energy:10.1f}   colour moved by {look.change:.3f}")
    if look.change < 0.1:
        raise StopIteration


# 1 gray -> lightness
lightness = lightness_from_gray(gray)

# 2 a name and options -> the method
method = methods.make("graph", beta=3.0)

# 3 lightness and hints -> chroma
chroma, report = method.solve(lightness, hints, kernels=kernels.load(), callback=watch)
print(report)

# 4 chroma -> chroma inside the sRGB gamut, at the same hue and lightness
fitted, moved = project_to_gamut(lightness, chroma)
print(f"{moved:.2%} of the pixels were too colourful for sRGB")

# 5 lightness and chroma -> RGB
rgb = lab_to_rgb(lightness, fitted, gray.dtype)

# The same in one call; and an earlier result is where the next run may start.
result = colorize(gray, hints, method="graph", beta=3.0, callback=watch)
np.testing.assert_allclose(result.rgb, rgb, atol=1)  # kernels round otherwise than NumPy
further = colorize(gray, hints, method="graph", beta=3.0, initial=result)
moved_by = np.linalg.norm(further.chroma - result.chroma, axis=2).mean()
print(f"{further.report.iterations} more iterations moved the colour by {moved_by:.3f}")

write_photo(folder / "2_steps.png", np.hstack([np.dstack([gray] * 3), rgb]), overwrite=True)
