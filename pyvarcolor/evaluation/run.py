"""Colour photographs whose colours are known, by several methods, from the same hints."""

from __future__ import annotations

import re
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from pyvarcolor.evaluation.known_hints import point_hints, read_hints, scale_hints
from pyvarcolor.evaluation.photograph import SCALES, Photograph, read_photograph
from pyvarcolor.hints import Hints
from pyvarcolor.io import SUFFIXES
from pyvarcolor.pipeline import colorize
from pyvarcolor.recipe import Recipe
from pyvarcolor.result import Colorization, NotConvergedWarning

POINTS = re.compile(r"p[1-9]\d*")
"""Kinds of hints that can be simulated: p1, p2, ..."""

NONE = "none"
"""The kind without any hint, for methods that need none."""


@dataclass(frozen=True)
class Score:
    """What is measured of one method on one photograph with one set of hints.

    Parameters
    ----------
    photograph, kind, method : str
        Name of the photograph, kind of the hints, the method as it was asked for.
    seed : int or None
        Of simulated hints.
    psnr : float
        In dB; see `Photograph.psnr`.
    ciede2000 : float
        See `Photograph.ciede2000`.
    gray_psnr : float
        PSNR of the photograph without any colour.
    colourfulness : float or None
        As a multiple of the truth's; see `Photograph.colourfulness`. None where it isn't known.
    seconds : float or None
        Wall time of the whole call of `colorize`.
    converged : bool
        False if the solver ran out of iterations.
    """

    photograph: str
    kind: str
    seed: int | None
    method: str
    psnr: float
    ciede2000: float
    gray_psnr: float
    colourfulness: float | None = None
    seconds: float | None = None
    converged: bool = True

    @property
    def worse_than_gray(self) -> bool:
        """Whether the photograph had better been left alone."""
        return self.psnr < self.gray_psnr


def evaluate(
    photographs: Sequence[str | Path],
    kinds: Sequence[str],
    methods: Sequence[str] = ("auto",),
    *,
    hints: str | Path | None = None,
    seeds: int = 1,
    scale: float = 1,
    backend: str = "auto",
    threads: int | None = None,
    callback: Callable[[Score], None] | None = None,
) -> list[Score]:
    """Score methods on photographs whose colours are known.

    Parameters
    ----------
    photographs : sequence of str or Path
        Image files in colour; see `find_photographs`.
    kinds : sequence of str
        Kinds of hints: ``"none"``, ``"p10"`` for ten points (see `point_hints`), or names of stored ones.
    methods : sequence of str
        Each a name or ``"name:option=value,option=value"``; see `pyvarcolor.recipe.Recipe.parse`.
    hints : str or Path, optional
        Folder of stored hints, NAME.npz for the photograph NAME (see `save_hints`); if left out, they are simulated.
    seeds : int
        How many sets of simulated hints each photograph has for each kind.
    scale : {0.5, 1, 2}
        Evaluate at another size; the hints are scaled with the photograph, so that they stay at their places.
    backend, threads
        As in `pyvarcolor.colorize`.
    callback : callable, optional
        Gets each `Score` as soon as it is known.

    Returns
    -------
    list of Score
        By photograph, kind, seed and method.

    Raises
    ------
    TypeError
        If a method has no such option.
    ValueError
        If a method, a kind or a number is none of those above, a photograph is gray, two have the same name, or stored
        hints don't fit.
    OSError
        If a file cannot be read.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import numpy as np
    >>> from pyvarcolor.io import write_photo
    >>> with TemporaryDirectory() as folder:
    ...     path = write_photo(Path(folder, "red.png"), np.full((20, 30, 3), (200, 60, 60), np.uint8))
    ...     (score,) = evaluate([path], ["p1"], ["graph"])
    >>> score.photograph, score.psnr > 50, score.worse_than_gray
    ('red', True, False)
    """
    paths, kinds, methods = list(map(Path, photographs)), list(dict.fromkeys(kinds)), list(dict.fromkeys(methods))
    for name, given in (("photographs", paths), ("kinds", kinds), ("methods", methods)):
        if not given:
            raise ValueError(f"{name} must hold at least one, but is empty")
    _check_names(paths)
    if hints is None:
        for kind in kinds:
            if kind != NONE and not POINTS.fullmatch(kind):
                raise ValueError(f"kind must be none, p1, p2, ... where hints are not stored, but is {kind!r}")
    if seeds < 1:
        raise ValueError(f"seeds must be at least 1, but is {seeds}")
    if scale not in SCALES:
        raise ValueError(f"scale must be one of {', '.join(f'{each:g}' for each in SCALES)}, but is {scale:g}")

    recipes = {text: Recipe.parse(text) for text in methods}
    run = partial(colorize, backend=backend, threads=threads)
    folder = None if hints is None else Path(hints)
    for _ in _cases(paths, kinds, folder, seeds):
        pass  # what cannot be read is found before time is spent on the rest
    for recipe in recipes.values():
        _warm_up(partial(run, method=recipe))

    scores = []
    for photograph, kind, seed, true_hints in _cases(paths, kinds, folder, seeds):
        scaled = photograph.scaled(scale), scale_hints(true_hints, scale)
        for text, recipe in recipes.items():
            score = _score(*scaled, partial(run, method=recipe), kind=kind, seed=seed, method=text)
            scores.append(score)
            if callback is not None:
                callback(score)
    return scores


def find_photographs(
    places: Iterable[str | Path], *, hints: str | Path | None = None, limit: int | None = None
) -> list[Path]:
    """List the photographs of an evaluation.

    Parameters
    ----------
    places : iterable of str or Path
        Image files, and folders of them.
    hints : str or Path, optional
        Folder of stored hints: photographs without any are left out.
    limit : int, optional
        No more than so many, evenly from all.

    Returns
    -------
    list of Path

    Raises
    ------
    ValueError
        If there is none, or `limit` is below 1.
    OSError
        If a folder cannot be read.
    """
    if limit is not None and limit < 1:
        raise ValueError(f"limit must be at least 1, but is {limit}")
    named = list(map(Path, places))
    found = [path for place in named for path in (_pictures_in(place) if place.is_dir() else [place])]
    if hints is not None:
        found = [path for path in found if Path(hints, f"{path.stem}.npz").exists()]
    if not found:
        with_hints = "" if hints is None else f" with hints NAME.npz in {hints}"
        raise ValueError(
            f"there must be photographs ({', '.join(SUFFIXES)}){with_hints}, but {', '.join(map(str, named))} has none"
        )
    count = min(limit or len(found), len(found))
    return [found[k * len(found) // count] for k in range(count)]


def _pictures_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)


def _check_names(paths: list[Path]) -> None:
    """Refuse two photographs of the same name: scores and stored hints go by it."""
    named: dict[str, Path] = {}
    for path in paths:
        other = named.setdefault(path.stem, path)
        if other is not path:
            raise ValueError(f"photographs must have different names, but {other} and {path} are both {path.stem!r}")


def _cases(
    paths: list[Path], kinds: list[str], folder: Path | None, seeds: int
) -> Iterator[tuple[Photograph, str, int | None, Hints]]:
    """Each photograph with each of its sets of hints, at full size."""
    for path in paths:
        photograph = read_photograph(path)
        for kind in kinds:
            if kind == NONE:
                yield photograph, kind, None, Hints.none(photograph.rgb.shape)
            elif folder is not None:
                shape = photograph.rgb.shape[0], photograph.rgb.shape[1]
                yield photograph, kind, None, read_hints(folder / f"{photograph.name}.npz", kind, shape)
            else:
                for seed in range(seeds):
                    yield photograph, kind, seed, point_hints(photograph, int(kind[1:]), seed)


def _warm_up(run: Callable[..., Colorization]) -> None:
    """Let imports, and the compilation of kernels, be over before the clock runs."""
    hints = Hints.from_points([(9, 9, (20, 15))], (32, 32))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotConvergedWarning)
        run(np.full(hints.mask.shape, 0.5, np.float32), hints)


def _score(photograph: Photograph, hints: Hints, run: Callable[..., Colorization], **what: Any) -> Score:
    """Colour one photograph."""
    gray = photograph.gray
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotConvergedWarning)  # it is counted
        started = time.perf_counter()
        result = run(gray, hints)
        seconds = time.perf_counter() - started
    return Score(
        **what,
        photograph=photograph.name,
        psnr=photograph.psnr(result.chroma),
        ciede2000=photograph.ciede2000(result.chroma),
        gray_psnr=photograph.psnr(np.zeros_like(result.chroma)),
        colourfulness=photograph.colourfulness(result.chroma),
        seconds=seconds,
        converged=result.report.stopped_by != "max_iter",
    )
