"""Networks that users bring: an ONNX file, and beside it a TOML file of the same name that says what goes in and out.

[input]
size = [256, 256]      # height and width
channels = 1           # or 3, all alike
of = "lightness"       # L*; or "gray", sRGB-encoded
range = [0.0, 1.0]     # what black and white are

[output]
space = "ab"           # a* and b* of CIE Lab; or "rgb", sRGB-encoded
scale = 110.0          # the a*, b* that 1 stands for; with "rgb" instead: range = [0.0, 1.0]
"""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyvarcolor.color import lab_to_rgb, rgb_to_lab
from pyvarcolor.hints import LARGEST
from pyvarcolor.learned.appearance import resized

Array = NDArray[np.floating]

_HUGE = 1e9  # as a number of the card


class OnnxNetwork:
    """A network from an ONNX file, run by onnxruntime.

    Parameters
    ----------
    path : Path
        The file; NAME.toml beside NAME.onnx says what goes in and out. It takes one picture, (1, channels, height,
        width) float32, and puts out (1, 2, h, w) or (1, 3, h, w), of any size.

    Raises
    ------
    ImportError
        If onnxruntime is not installed.
    ValueError
        If a file says something else, or cannot be understood.
    OSError
        If one cannot be read.
    """

    def __init__(self, path: Path) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise ImportError("method 'onnx' needs onnxruntime: pip install 'pyvarcolor[onnx]'") from error
        self._path = path
        card_path = card_of(path)
        if not card_path.exists():
            raise FileNotFoundError(
                f"{card_path} must lie beside {path.name} and describe it, but there is no such file"
            )
        try:
            card = tomllib.loads(card_path.read_text("utf-8"))
        except (ValueError, RecursionError) as error:  # no UTF-8, no TOML, or without end
            raise ValueError(f"{card_path} must be TOML, but is not: {error}") from None
        take = functools.partial(_take, card, card_path)
        self._size = take("input", "size", lambda size: _is_list(size, int) and min(size) > 0, "two positive numbers")
        self._channels = take("input", "channels", lambda count: type(count) is int and count in (1, 3), "1 or 3")
        self._of = take("input", "of", lambda of: of in ("lightness", "gray"), '"lightness" or "gray"')
        self._range = take("input", "range", _is_range, "two different numbers")
        self._space = take("output", "space", lambda space: space in ("ab", "rgb"), '"ab" or "rgb"')
        if self._space == "ab":
            self._scale = take("output", "scale", lambda scale: _is_number(scale) and scale != 0, "a number, not 0")
        else:
            self._white = take("output", "range", _is_range, "two different numbers")
        try:
            self._session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime has a class for each fault, under no common one
            raise ValueError(f"{path} must be an ONNX model, but onnxruntime says: {error}") from error

    def chroma(self, lightness: Array) -> Array:
        """Colour a photograph.

        Parameters
        ----------
        lightness : (H, W) ndarray
            L*, 0..100.

        Returns
        -------
        (h, 2, w) ndarray
            a* and b*, at the size that the network puts out.

        Raises
        ------
        ValueError
            If the network puts out something else, what is not finite, or what is no colour.
        """
        light = resized(lightness[:, None], self._size)[:, 0]
        if self._of == "gray":
            white = lab_to_rgb(light, np.zeros((*light.shape, 2), light.dtype), np.float32)[..., 0]
        else:
            white = light / 100
        low, high = self._range
        pixels = np.repeat((low + (high - low) * white)[None, None], self._channels, axis=1).astype(np.float32)
        try:
            (out, *_) = self._session.run(None, {self._session.get_inputs()[0].name: pixels})
        except Exception as error:
            raise ValueError(f"{self._path} cannot be run on {pixels.shape}: {error}") from error
        channels = 2 if self._space == "ab" else 3
        if not isinstance(out, np.ndarray) or out.dtype.kind not in "fiu":
            raise ValueError(f"{self._path} must put out an array of numbers, but puts out {type(out).__name__}")
        if out.ndim != 4 or out.shape[:2] != (1, channels) or not out.size:
            raise ValueError(f"{self._path} must put out (1, {channels}, h, w), but puts out {out.shape}")
        if not np.isfinite(out).all():
            raise ValueError(f"{self._path} must put out finite numbers, but puts out NaN or infinity")
        image = out[0].transpose(1, 2, 0).astype(np.float64)
        if self._space == "ab":
            chroma = image * self._scale
            if np.abs(chroma).max() > LARGEST:
                raise ValueError(
                    f"{self._path} times its scale must be a* and b* in -{LARGEST:g}..{LARGEST:g}, but is "
                    f"{chroma.ravel()[np.abs(chroma).argmax()]:g} somewhere"
                )
        else:
            black, white_out = self._white
            chroma = rgb_to_lab(np.clip((image - black) / (white_out - black), 0, 1))[..., 1:]
        return np.ascontiguousarray(chroma.transpose(0, 2, 1), np.float32)


def load(path: Path) -> OnnxNetwork:
    """The network of a file, loaded once until the file changes; see `OnnxNetwork`."""
    if not path.is_file():
        raise FileNotFoundError(f"cannot read {path}: there is no such file")
    return _load(path, *(each.stat().st_mtime_ns for each in (path, card_of(path)) if each.exists()))


@functools.lru_cache(maxsize=2)
def _load(path: Path, *_changed: int) -> OnnxNetwork:
    return OnnxNetwork(path)


def card_of(path: Path) -> Path:
    """The file that describes a network."""
    return path.with_suffix(".toml")


def _take(card: dict[str, Any], path: Path, table: str, key: str, is_right: Any, rule: str) -> Any:
    """An entry of the card that follows its rule."""
    try:
        entry = card[table][key]
    except (KeyError, TypeError):
        raise ValueError(f"{path} must have {key} under [{table}] ({rule}), but has none") from None
    if not is_right(entry):
        raise ValueError(f"{key} under [{table}] in {path} must be {rule}, but is {entry!r}")
    return entry


def _is_number(entry: Any) -> bool:
    return isinstance(entry, int | float) and not isinstance(entry, bool) and abs(entry) < _HUGE  # NaN fails, too


def _is_list(entry: Any, kind: Any) -> bool:
    return isinstance(entry, list) and len(entry) == 2 and all(_is_number(e) and isinstance(e, kind) for e in entry)


def _is_range(entry: Any) -> bool:
    return _is_list(entry, int | float) and np.float32(entry[0]) != np.float32(entry[1])
