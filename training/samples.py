"""Batches of crops with simulated hints, and the guess that the package itself makes from them.

Batch number k depends on the seed and on k alone: training goes on after an interruption as if there had been none.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import interpolate

from pyvarcolor import kernels
from pyvarcolor.learned.guess import DEVIATION, LEAST, NUGGET, SCALES, SHARES
from pyvarcolor.learned.inputs import stack_inputs
from pyvarcolor.shading import phi
from pyvarcolor.solvers.kriging import Kriging

Array = NDArray[np.floating]

BATCH = 32
HELD_OUT = 25
"""One photograph of so many is never trained on: they are for validation."""

RURAL = "bsds", "sun", "wall", "flickr", "imagen", "wikip"
"""Sources of photographs taken outdoors, by how their files are named; "imagen" is of two."""
MORE = 1.5
"""times as often are those seen"""

STROKES, MOST_STROKES = 0.14, 12  # share of samples; those without any stroke or point are a share of their own
NO_HINTS, MOST_POINTS = (0.3, 0.6), (200, 30)  # at first, and in later stages: there the network is heard most
OLD = 0.25  # share of samples seen through an old film
RELIT = 0.5  # share of samples seen in another print, in later stages
FILTER = 0.1  # of L* for each unit of a*, of b*, that another film may see more or less
ALIKE = 12.0  # chroma along a stroke stays so near to that where it began


@dataclass(frozen=True)
class View:
    """How photographs are seen in training.

    Parameters
    ----------
    side : int
        Of the crops, in pixels.
    window : float
        The least part of a photograph's short side that a crop shows, 0..1.
    late : bool
        In later stages there are fewer hints, and other prints of the photographs too.
    """

    side: int
    window: float
    late: bool = False


class Pack:
    """The photographs that `pack.py` has packed; held out are those at every 25th place."""

    def __init__(self, path: Path) -> None:
        with np.load(path) as file:
            names, shapes, values = file["names"], file["shapes"], file["values"]
        ends = np.cumsum(shapes.prod(axis=1))
        parts = np.split(values, ends[:-1])
        photographs = [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]
        self.held_out = photographs[::HELD_OUT]
        self.held_out_names = names[::HELD_OUT].tolist()
        self.trained_on = [each for k, each in enumerate(photographs) if k % HELD_OUT]
        self.trained_on_names = [name for k, name in enumerate(names.tolist()) if k % HELD_OUT]
        weights = [MORE if name.startswith(RURAL) else 1 for name in self.trained_on_names]
        self.shares = np.array(weights) / sum(weights)


@dataclass(frozen=True)
class Hints:
    """Simulated hints of a crop, a site each pixel: where, of which stroke, and the colour that its stroke has."""

    rows: NDArray[np.intp]
    cols: NDArray[np.intp]
    stroke: NDArray[np.intp]
    chroma: Array
    size: Array
    """Mean of phi over the stroke, (sites,)."""


def draw_points(count: int, chroma: Array, size: Array, random: np.random.Generator) -> Hints:
    """Single pixels of their own colour."""
    at = random.choice(size.size, min(count, size.size), replace=False)
    rows, cols = np.unravel_index(at, size.shape)
    return Hints(rows, cols, np.arange(len(at)), chroma[:, rows, cols].T, size[rows, cols])


def draw_strokes(count: int, chroma: Array, size: Array, random: np.random.Generator) -> Hints:
    """Straight lines that stay on one object, of one colour each."""
    taken: dict[tuple[int, int], int] = {}
    colours, sizes = np.zeros((count, 2), chroma.dtype), np.zeros(count, size.dtype)
    limits = np.array(size.shape) - 1
    for stroke in range(count):
        start, angle = random.uniform(0, limits), random.uniform(0, 2 * np.pi)
        steps = np.arange(random.integers(3, 16))[:, None] * [np.sin(angle), np.cos(angle)]
        line = np.clip(np.rint(start + steps), 0, limits).astype(int)
        along = chroma[:, line[:, 0], line[:, 1]]
        apart = np.hypot(*(along - along[:, :1])) > ALIKE
        line = line[: apart.argmax()] if apart.any() else line
        rows, cols = line.T
        colours[stroke], sizes[stroke] = chroma[:, rows, cols].mean(axis=1), size[rows, cols].mean()
        taken |= dict.fromkeys(map(tuple, line.tolist()), stroke)
    rows, cols = np.array(list(taken)).T
    stroke = np.array(list(taken.values()))
    return Hints(rows, cols, stroke, colours[stroke], sizes[stroke])


def print_again(lightness: Array, chroma: Array, random: np.random.Generator) -> Array:
    """The same on a film that sees red or blue lighter or darker, and in another print: gamma, fading, grain."""
    filtered = lightness + np.tensordot(random.uniform(-FILTER, FILTER, 2), chroma, 1)
    light = (filtered / 100).clip(0, 1) ** np.exp(random.uniform(-0.4, 0.4))
    low, high, grain = random.uniform(0, 0.12), random.uniform(0.85, 1), random.uniform(0, 0.03)
    light = low + (high - low) * light + random.normal(0, grain, light.shape)
    return (100 * light.clip(0, 1)).astype(lightness.dtype)


def inputs_of(lightness: Array, features: Array, hints: Hints | None) -> Array:
    """What the network sees of a crop (7, h, w): its lightness, its hints, and the guess that the package makes."""
    seen, known = np.zeros((2, *lightness.shape), np.float32), np.zeros(lightness.shape, np.float32)
    size = phi(lightness)
    if hints is None:
        return stack_inputs(lightness, seen, known, seen, DEVIATION * size)
    sites = hints.rows, hints.cols
    seen[:, *sites], known[sites] = hints.chroma.T, 1
    process = Kriging(np.ascontiguousarray(features.transpose(1, 0, 2)), SHARES, SCALES, kernels.load("auto", 1))
    noise = NUGGET * np.bincount(hints.stroke)[hints.stroke]
    mean = process.mean(sites, hints.chroma / hints.size[:, None], noise).transpose(1, 0, 2)
    every_second = np.ix_(np.arange(0, lightness.shape[0], 2), np.arange(0, lightness.shape[1], 2))
    at = np.broadcast_arrays(*every_second)
    variance = process.variance(sites, np.full(len(noise), LEAST), (at[0].ravel(), at[1].ravel()))
    deviation = DEVIATION * np.sqrt(variance.reshape(at[0].shape)).repeat(2, axis=0).repeat(2, axis=1)
    return stack_inputs(lightness, seen, known, mean * size, deviation[: len(size), : size.shape[1]] * size)


def draw_hints(chroma: Array, size: Array, late: bool, random: np.random.Generator) -> Hints | None:
    """None, points or strokes."""
    kind, none = random.random(), NO_HINTS[late]
    if kind < none:
        return None
    if kind < none + STROKES:
        return draw_strokes(int(random.integers(1, MOST_STROKES + 1)), chroma, size, random)
    count = int(np.exp(random.uniform(0, np.log(MOST_POINTS[late] + 1))))
    return draw_points(count, chroma, size, random)


class Batches(torch.utils.data.Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """Batches by number: what the network sees (32, 7, c, c), and the true chroma (32, 2, c, c)."""

    def __init__(
        self,
        photographs: list[NDArray[np.float16]],
        shares: NDArray[np.float64] | None,
        views: list[View],
        seed: int,
    ) -> None:
        self._photographs, self._shares = photographs, shares
        self._views, self._seed = views, seed

    def __len__(self) -> int:
        return len(self._views)

    def __getitem__(self, number: int) -> tuple[torch.Tensor, torch.Tensor]:
        random = np.random.default_rng([self._seed, number])
        view = self._views[number]
        chosen = [self._photographs[k] for k in random.choice(len(self._photographs), BATCH, p=self._shares)]
        shortest = min(min(each.shape[1:]) for each in chosen)
        # one width and one height of what is cut out for all: crops are scaled, and squeezed by up to 15 %
        window = shortest * random.uniform(view.window, 1) * np.exp(random.uniform(-0.15, 0.15, 2))
        height, width = np.clip(window.round().astype(int), 1, shortest)
        cut = [self._cut(each, height, width, random) for each in chosen]
        size = view.side, view.side
        crops = interpolate(torch.from_numpy(np.stack(cut)), size, mode="bilinear", antialias=True).numpy()
        seen = []
        for crop in crops:
            chroma, lightness, features = crop[:2], crop[2], crop[3:]
            if view.late and random.random() < RELIT:  # features are of the first print
                lightness = print_again(lightness, chroma, random)
            seen.append(inputs_of(lightness, features, draw_hints(chroma, phi(lightness), view.late, random)))
        return torch.from_numpy(np.stack(seen)), torch.from_numpy(np.ascontiguousarray(crops[:, :2]))

    @staticmethod
    def _cut(planes: NDArray[np.float16], height: int, width: int, random: np.random.Generator) -> Array:
        """Chroma, L* and features, one of two films, a window, as it is or mirrored."""
        film = slice(10, 18) if random.random() < OLD else slice(2, 10)
        row, col = (
            random.integers(full - part + 1) for full, part in zip(planes.shape[1:], (height, width), strict=True)
        )
        window = planes[:, row : row + height, col : col + width]
        planes = np.concatenate([window[:2], window[film]], dtype=np.float32)
        return planes[..., ::-1] if random.random() < 0.5 else planes
