"""Colour for old black-and-white photographs, spread from a few strokes by variational solvers.

The main function is `colorize`; `methods` lists the ways of spreading colour, `kernels` the backends.
"""

from importlib.metadata import version as _version

from pyvarcolor import methods
from pyvarcolor.advice import suggest_strokes
from pyvarcolor.hints import Hints
from pyvarcolor.pipeline import Colorizer, colorize
from pyvarcolor.recipe import Recipe
from pyvarcolor.result import Colorization, NotConvergedWarning, Progress, SolverReport
from pyvarcolor.tiles import colorize_tiles

__version__ = _version("pyvarcolor")

__all__ = [
    "Colorization",
    "Colorizer",
    "Hints",
    "NotConvergedWarning",
    "Progress",
    "Recipe",
    "SolverReport",
    "__version__",
    "colorize",
    "colorize_tiles",
    "methods",
    "suggest_strokes",
]
