"""One call: colour the bundled photograph from its strokes.

python examples/1_one_call.py [FOLDER]     writes 1_gray.png and 1_colour.png
"""

import sys
from pathlib import Path

import numpy as np

from pyvarcolor import colorize
from pyvarcolor.demo import load_demo
from pyvarcolor.io import write_photo
from pyvarcolor.strokes.raster import rasterize

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")

demo = load_demo()
hints = rasterize(demo.strokes, demo.gray.shape)

result = colorize(demo.gray, hints)

print(hints)
print(result.report)
write_photo(folder / "1_gray.png", np.dstack([demo.gray] * 3), overwrite=True)
write_photo(folder / "1_colour.png", result.rgb, overwrite=True)
