"""Blending of the nearest strokes' colours by intrinsic distance; the C++ twin is `geodesic.hpp`."""

from typing import Any, TypeAlias

import numpy as np
from numba import prange
from numpy.typing import NDArray

from .image import Image, Index, Scalar
from .parallel import inline, kernel, sequence

BUCKETS = 128
"""Of 1 L* each; hardly any step costs more."""

Entries: TypeAlias = list[tuple[Any, Any, Any]]
"""Pixels that may bring their neighbours a nearer hint: (distance, pixel, hint)."""

Pixels: TypeAlias = NDArray[np.int32]


@inline
def push(front: list[Entries], now: Index, distance: Scalar, pixel: Index, hint: Index) -> None:
    """Into the bucket of its distance, or the last one; who comes too early comes again."""
    ahead = min(max(np.floor(distance) - now, 0), BUCKETS - 1)
    front[(now + int(ahead)) % BUCKETS].append((distance, np.int32(pixel), np.int32(hint)))


@inline
def tell(
    pixel: Index,
    distance: Scalar,
    hint: Index,
    strokes: Image,
    distances: Image,
    known: Pixels,
    count: Pixels,
    front: list[Entries],
    now: Index,
) -> None:
    """A pixel learns of a hint; it keeps it if it is among the nearest of different strokes, and will tell."""
    at = 0
    while at < count[pixel] and strokes[known[pixel, at]] != strokes[hint]:
        at += 1
    if at == known.shape[1]:  # the farthest gives way
        at -= 1
    if at < count[pixel] and distance >= distances[pixel, at]:
        return
    if at == count[pixel]:
        count[pixel] += 1
    while at > 0 and distance < distances[pixel, at - 1]:
        distances[pixel, at], known[pixel, at] = distances[pixel, at - 1], known[pixel, at - 1]
        at -= 1
    distances[pixel, at], known[pixel, at] = distance, hint
    push(front, now, distance, pixel, hint)


@inline
def knows(pixel: Index, distance: Scalar, hint: Index, distances: Image, known: Pixels, count: Pixels) -> bool:
    """Whether a pixel has not learnt better since."""
    found = False
    for at in range(count[pixel]):
        found |= distances[pixel, at] == distance and known[pixel, at] == hint
    return found


@sequence
def nearest_strokes(
    lightness: Image,
    hint_weight: Image,
    strokes: Image,
    per_pixel: Scalar,
    distances: Image,
    known: Pixels,
    count: Pixels,
) -> None:
    """The nearest hint of each of the few nearest strokes, for every pixel.

    A path costs |dL| and `per_pixel` for each pixel of its length, along the 8 neighbours.
    """
    rows, cols = lightness.shape
    T = lightness.dtype.type
    stroke, weight = strokes.reshape(-1), hint_weight.reshape(-1)
    none = (T(0), np.int32(0), np.int32(0))
    front = [[none for _ in range(0)] for _ in range(BUCKETS)]
    entries = [none for _ in range(0)]
    now = 0
    for own in range(rows * cols):
        if weight[own] > 0:
            tell(own, T(1) / weight[own], own, stroke, distances, known, count, front, now)
    last = now + BUCKETS
    while now < last:
        entries, front[now % BUCKETS] = front[now % BUCKETS], entries
        if len(entries) == 0:
            now += 1
            continue
        last = now + BUCKETS
        for distance, pixel, hint in entries:
            if not knows(pixel, distance, hint, distances, known, count):
                continue
            i, j = pixel // cols, pixel % cols
            for row in range(max(i - 1, 0), min(i + 2, rows)):
                for col in range(max(j - 1, 0), min(j + 2, cols)):
                    if row == i and col == j:
                        continue
                    length = T(1.41421356237309504880) if row != i and col != j else T(1)
                    cost = np.abs(lightness[row, col] - lightness[i, j]) + per_pixel * length
                    tell(row * cols + col, distance + cost, hint, stroke, distances, known, count, front, now)
        entries.clear()


@kernel
def blend(hints: Image, power: Scalar, distances: Image, known: Pixels, count: Pixels, u: Image) -> None:
    """u = mean of the known hints, weighted by distance^-power."""
    for index in prange(len(u)):
        i = np.intp(index)
        T = u.dtype.type
        cols = u.shape[2]
        for j in range(cols):
            pixel = i * cols + j
            total, a, b = T(0), T(0), T(0)
            for at in range(count[pixel]):
                w = T(1) if at == 0 else (distances[pixel, 0] / distances[pixel, at]) ** power
                row, col = known[pixel, at] // cols, known[pixel, at] % cols
                total += w
                a += w * hints[row, 0, col]
                b += w * hints[row, 1, col]
            u[i, 0, j] = a / total if total > 0 else T(0)
            u[i, 1, j] = b / total if total > 0 else T(0)


@sequence
def geodesic_blend(
    lightness: Image,
    hints: Image,
    hint_weight: Image,
    strokes: Image,
    per_pixel: Scalar,
    power: Scalar,
    nearest: Index,
    u: Image,
) -> None:
    """u = mean of the nearest hints of the few nearest strokes; a hint of weight w is 1 / w away from its own pixel."""
    distances = np.empty((lightness.size, nearest), lightness.dtype)
    known = np.empty((lightness.size, nearest), np.int32)
    count = np.zeros(lightness.size, np.int32)
    nearest_strokes(lightness, hint_weight, strokes, per_pixel, distances, known, count)
    blend(hints, power, distances, known, count, u)
