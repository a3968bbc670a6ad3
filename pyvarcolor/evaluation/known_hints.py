"""Hints that are known to be true: simulated from a photograph's own colours, or stored in a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyvarcolor.evaluation.photograph import Photograph
from pyvarcolor.hints import Hints

_HEADER = 4096  # bytes of an .npy file before its numbers, and more
_DRAWN = 604_811_273  # so that these numbers are nobody else's


def point_hints(photograph: Photograph, count: int, seed: int = 0) -> Hints:
    """Simulate hints: squares of 3 x 3 pixels at random places, in their true colours.

    Parameters
    ----------
    photograph : Photograph
        Its name is part of the seed: each photograph has places of its own.
    count : int
        Number of squares; they may overlap.
    seed : int
        Another seed, other places.

    Returns
    -------
    Hints

    Raises
    ------
    ValueError
        If the photograph has no room for so many.

    Examples
    --------
    >>> import numpy as np
    >>> point_hints(Photograph(np.full((30, 40, 3), (200, 60, 60), np.uint8)), 1)
    Hints(9 of 1200 pixels, 0.75 %)
    """
    height, width = photograph.gray.shape
    room = max(height - 2, 0) * max(width - 2, 0)
    if not 1 <= count <= room:
        raise ValueError(
            f"the number of points must be 1..{room} on {photograph.name} ({width} x {height} pixels), but is {count}"
        )
    random = np.random.default_rng([_DRAWN, seed, count, *photograph.name.encode()])
    rows, columns = np.unravel_index(random.choice(room, count, replace=False), (height - 2, width - 2))
    mask = np.zeros((height, width), np.bool_)
    for i, j in np.ndindex(3, 3):
        mask[rows + i, columns + j] = True
    return Hints(mask, photograph.lab[..., 1:])


def read_hints(path: str | Path, kind: str, shape: tuple[int, int]) -> Hints:
    """Read stored hints of one kind.

    Parameters
    ----------
    path : str or Path
        A file as `save_hints` writes it.
    kind : str
        Which of its hints.
    shape : (int, int)
        Height and width of the photograph.

    Returns
    -------
    Hints

    Raises
    ------
    ValueError
        If the file is none of these, has no such kind, or is for a photograph of another size.
    OSError
        If it cannot be read.
    """
    height, width = shape
    bits, held = _read_arrays(Path(path), kind, 4 * height * width)
    mask = np.unpackbits(bits)[: height * width].astype(np.bool_)
    if bits.shape != (-(-height * width // 8),) or held.shape != (mask.sum(), 2):
        raise ValueError(
            f"hints of kind {kind!r} must have the size of the photograph ({width} x {height} pixels), "
            f"but those in {path} have {bits.size} bytes of mask and chroma {held.shape}"
        )
    mask = mask.reshape(shape)
    chroma = np.zeros((*shape, 2), np.float32)
    chroma[mask] = held
    return Hints(mask, chroma)


def save_hints(path: str | Path, hints: Mapping[str, Hints]) -> None:
    """Store hints of several kinds for one photograph; a*, b* are rounded to float16.

    Parameters
    ----------
    path : str or Path
        NAME.npz for the photograph NAME; it is replaced.
    hints : mapping of str to Hints
        They are stored by the name of their kind.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "boat.npz")
    ...     save_hints(path, {"mine": Hints.from_points([(5, 5, (20, 15))], (20, 40))})
    ...     read_hints(path, "mine", (20, 40))
    Hints(9 of 800 pixels, 1.12 %)
    """
    masks = {f"{kind}_mask": np.packbits(each.mask) for kind, each in hints.items()}
    chroma = {f"{kind}_chroma": each.chroma[each.mask].astype(np.float16) for kind, each in hints.items()}
    np.savez_compressed(path, **masks, **chroma)  # type: ignore[arg-type]  # mypy takes them for its flags


def scale_hints(hints: Hints, scale: float) -> Hints:
    """Bring hints to the size of `Photograph.scaled`: where there was one of them there is one, of their mean colour.

    Parameters
    ----------
    hints : Hints
        Without confidence.
    scale : {0.5, 1, 2}
        As in `Photograph.scaled`.

    Returns
    -------
    Hints

    Examples
    --------
    >>> hints = Hints.from_points([(5, 5, (20, 15))], (20, 40))
    >>> scale_hints(hints, 0.5), scale_hints(hints, 2)
    (Hints(4 of 200 pixels, 2.00 %), Hints(36 of 3200 pixels, 1.12 %))
    """
    if scale == 1:
        return hints
    if scale == 2:
        return Hints(_doubled(hints.mask), _doubled(hints.chroma))
    count = _halved(hints.mask[..., None])
    return Hints(count[..., 0] > 0, _halved(hints.chroma) / np.maximum(count, 1))


def _read_arrays(path: Path, kind: str, most: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Mask and chroma of at most so many bytes."""
    names = f"{kind}_mask", f"{kind}_chroma"
    with path.open("rb") as file:
        try:
            archive = np.load(file)
            kinds = [name.removesuffix("_mask") for name in archive.files if name.endswith("_mask")]
            if all(name in archive.files for name in names):
                if any(archive.zip.getinfo(f"{name}.npy").file_size > most + _HEADER for name in names):
                    raise ValueError("its arrays are larger than the photograph")
                bits, held = archive[names[0]], archive[names[1]]
                if bits.dtype != np.uint8 or held.dtype != np.float16:
                    raise ValueError(f"its arrays are {bits.dtype} and {held.dtype}")
                return bits, held
        except Exception as error:  # NumPy and zipfile raise anything on broken bytes
            raise ValueError(f"hints must be an .npz file, but {path} is damaged or another file ({error})") from error
    raise ValueError(f"kind must be one of {', '.join(kinds)} in {path}, but is {kind!r}")


def _doubled(array: NDArray[Any]) -> NDArray[Any]:
    """Each pixel four times."""
    return array.repeat(2, axis=0).repeat(2, axis=1)


def _halved(array: NDArray[Any]) -> NDArray[Any]:
    """Sums over 2 x 2 pixels (H, W, C), an odd last row or column left out."""
    from skimage.measure import block_reduce

    height, width, _ = array.shape
    total: NDArray[Any] = block_reduce(array[: height // 2 * 2, : width // 2 * 2], (2, 2, 1), np.sum)  # type: ignore[no-untyped-call]
    return total
