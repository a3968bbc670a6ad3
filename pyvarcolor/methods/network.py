"""Network: what a small neural network expects of a photograph, with its strokes or without any."""

from __future__ import annotations

from dataclasses import dataclass

from pyvarcolor.hints import Hints
from pyvarcolor.learned.answer import ask
from pyvarcolor.learned.appearance import resized
from pyvarcolor.methods import register
from pyvarcolor.methods.base import Array, Problem
from pyvarcolor.methods.prediction import Prediction
from pyvarcolor.photograph import Photograph
from pyvarcolor.result import Doubt


@register("network", "what a small neural network expects; needs no strokes, does not meet them exactly")
@dataclass(frozen=True, kw_only=True)
class FromNetwork(Prediction):
    """Colour that a small neural network expects, with strokes or without any.

    The network sees a copy of the photograph, the strokes and the answer of method `guess`, and says how much of the
    guess stays and what is added to it [1]_. It was trained on photographs of people and landscapes. Strokes are met
    exactly where this is the prior of another method, as in `auto`.

    Parameters
    ----------
    sites : int
        How many places, at most, the guess is made from, at least 1.

    References
    ----------
    .. [1] O. Ronneberger, P. Fischer, T. Brox, "U-Net", MICCAI 2015; with residual blocks, and skips that are added.

    Examples
    --------
    >>> import numpy as np
    >>> from pyvarcolor import colorize
    >>> colorize(np.full((30, 60), 90, np.uint8), method="network").rgb.shape
    (30, 60, 3)
    """

    sites: int = 500

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require("sites", least=1)

    def predict(self, problem: Problem) -> tuple[Array, Array]:
        """Ask the network."""
        answer = ask(problem.photograph, problem.hints, problem.hint_weight, sites=self.sites)
        height, _, width = answer.chroma.shape
        return answer.chroma, resized(answer.unknown, (height, width))

    def uncertainty(self, photograph: Photograph, hints: Hints) -> Doubt:
        """What the network says of its own error, calibrated."""
        from pyvarcolor.learned.doubt import NetworkUncertainty  # which needs a part of SciPy that is slow to import

        return NetworkUncertainty(photograph.lightness, hints, photograph.kernels)
