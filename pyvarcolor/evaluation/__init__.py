"""How good methods are: photographs whose colours are known, coloured from a few of those, held against the truth.

`evaluate` colours and scores, `summarize` makes means and paired differences of the scores, `to_markdown` and `plot`
show them; ``docs/evaluation.md`` says what is measured.
"""

from pyvarcolor.evaluation.known_hints import point_hints, read_hints, save_hints
from pyvarcolor.evaluation.photograph import Photograph, read_photograph
from pyvarcolor.evaluation.plot import check_suffix, plot
from pyvarcolor.evaluation.run import Score, evaluate, find_photographs
from pyvarcolor.evaluation.summary import Estimate, Row, group_scores, paired_difference, summarize, to_markdown

__all__ = [
    "Estimate",
    "Photograph",
    "Row",
    "Score",
    "check_suffix",
    "evaluate",
    "find_photographs",
    "group_scores",
    "paired_difference",
    "plot",
    "point_hints",
    "read_hints",
    "read_photograph",
    "save_hints",
    "summarize",
    "to_markdown",
]
