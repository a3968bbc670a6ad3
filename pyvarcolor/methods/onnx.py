"""Onnx: what a network of your own expects of a photograph."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import numpy as np

from pyvarcolor.learned.appearance import copy_of, resized
from pyvarcolor.learned.onnx import card_of, load
from pyvarcolor.methods import register
from pyvarcolor.methods.base import Array, Problem
from pyvarcolor.methods.prediction import Prediction
from pyvarcolor.shading import phi


@register("onnx", "what a network of your own expects (ONNX); strokes are left to the method whose prior it is")
@dataclass(frozen=True, kw_only=True)
class FromOnnx(Prediction):
    """Colour from a network that you bring, as an ONNX file.

    It colours a small copy of the photograph; its answer is brought to the edges of the photograph, whose lightness is
    kept. It sees no strokes: as ``prior="onnx:model=PATH"`` of another method strokes are met. NAME.toml beside
    NAME.onnx says what goes in and out (docs/methods.md).

    Parameters
    ----------
    model : Path
        The ONNX file.
    """

    model: Path

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.model, str | PathLike):
            raise TypeError(f"model must be the path of an ONNX file, but is {self.model!r}")

    @property
    def files(self) -> tuple[Path, Path]:
        """What else decides about the answer."""
        return Path(self.model), card_of(Path(self.model))

    def predict(self, problem: Problem) -> tuple[Array, Array]:
        """Run the network; it knows no hints."""
        copy = problem.photograph.made(copy_of)
        chroma = resized(load(Path(self.model)).chroma(problem.lightness), copy.shape)
        u = (chroma / phi(copy)[:, None]).astype(problem.lightness.dtype)
        return u, np.ones_like(u[:, :1])
