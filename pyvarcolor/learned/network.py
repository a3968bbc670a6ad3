"""The network: a residual U-Net in NumPy, with weights that come with the package.

``training/train.py`` trained it; ``weights/MODEL_CARD.md`` says on what, and how well it does.
"""

from __future__ import annotations

import functools
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import numpy as np

from pyvarcolor.learned.inputs import INPUTS
from pyvarcolor.learned.layers import Array, conv1x1, conv3x3, relu, twice

MULTIPLE = 16
"""Height and width of what goes in must be multiples of this: the network halves them four times."""

WEIGHTS = files("pyvarcolor.learned") / "weights" / "network.npz"


class Network:
    """A network whose weights are in a file.

    Parameters
    ----------
    path : path-like
        An .npz file as ``training/export.py`` writes it: for each convolution NAME its weights ``NAME.weight``, 8-bit
        (D, C k k) in steps of ``NAME.step`` (D,), and ``NAME.bias`` (D,).

    Examples
    --------
    >>> import numpy as np
    >>> network = Network(WEIGHTS)
    >>> network.forward(np.zeros((7, 32, 48), np.float32)).shape
    (5, 16, 24)
    """

    def __init__(self, path: Path | Traversable) -> None:
        with path.open("rb") as file, np.load(file) as arrays:
            names = [key.removesuffix(".weight") for key in arrays.files if key.endswith(".weight")]
            self._layers: dict[str, tuple[Array, Array]] = {
                name: (arrays[f"{name}.weight"] * arrays[f"{name}.step"][:, None], arrays[f"{name}.bias"])
                for name in names
            }
        self._scales = sum(name.startswith("down") for name in names)

    def forward(self, x: Array, trace: dict[str, Array] | None = None) -> Array:
        """Run the network.

        Parameters
        ----------
        x : (7, H, W) ndarray of float32
            See `pyvarcolor.learned.inputs.stack_inputs`; H and W are multiples of `MULTIPLE`.
        trace : dict, optional
            Gets what each layer puts out, by its name.

        Returns
        -------
        (5, H / 2, W / 2) ndarray of float32
            See `pyvarcolor.learned.inputs.read_outputs`.

        Raises
        ------
        ValueError
            If the shape is another.
        """
        if x.ndim != 3 or len(x) != INPUTS or x.shape[1] % MULTIPLE or x.shape[2] % MULTIPLE or x.size == 0:
            raise ValueError(
                f"x must have shape ({INPUTS}, H, W), H and W multiples of {MULTIPLE}, but has shape {x.shape}"
            )
        seen = {} if trace is None else trace
        skipped = []
        for scale in range(self._scales):
            x = seen[f"down.{scale}"] = relu(conv3x3(x, *self._layers[f"down.{scale}"], stride=2))
            for name in self._blocks_of(scale):
                x = self._block(name, x, seen)
            skipped.append(x)
        for scale in reversed(range(self._scales - 1)):
            raised = seen[f"up.{scale}"] = conv1x1(x, *self._layers[f"up.{scale}"])
            x = self._block(f"decode.{scale}", skipped[scale] + twice(raised), seen)
        x = seen["head"] = conv3x3(x, *self._layers["head"])
        return x

    def _blocks_of(self, scale: int) -> list[str]:
        first = f"encode.{scale}."
        return [name.removesuffix(".conv1") for name in self._layers if name.startswith(first) and "conv1" in name]

    def _block(self, name: str, x: Array, seen: dict[str, Array]) -> Array:
        """x + two convolutions."""
        inner = seen[f"{name}.conv1"] = relu(conv3x3(x, *self._layers[f"{name}.conv1"]))
        outer = seen[f"{name}.conv2"] = relu(x + conv3x3(inner, *self._layers[f"{name}.conv2"]))
        return outer


@functools.cache
def built_in() -> Network:
    """The network whose weights come with the package; loaded once.

    Returns
    -------
    Network
    """
    return Network(WEIGHTS)
