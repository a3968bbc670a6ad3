"""What there is to colour: photographs found in folders, by patterns and in lists, and a name for each result."""

from __future__ import annotations

import csv
import hashlib
import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from glob import has_magic
from pathlib import Path, PurePosixPath

from pyvarcolor.io import SUFFIXES

READABLE = {*SUFFIXES, ".jpe", ".jfif", ".gif", ".bmp"}
"""Suffixes of what is taken from a folder; a file that is named is taken whatever its name."""
LISTS = {".csv", ".jsonl"}
STROKES = (".json", ".png", ".tif", ".tiff", ".webp", ".jpg", ".jpeg")


class InputError(ValueError):
    """Photographs that were asked for in a way that cannot be understood."""


@dataclass(frozen=True)
class Job:
    """One photograph to colour.

    Parameters
    ----------
    photo : Path
        Absolute path of the photograph.
    output : str
        Where the result goes: a relative path, with slashes, in the output folder.
    strokes : Path or None
        Its file of strokes.
    """

    photo: Path
    output: str
    strokes: Path | None = None


@dataclass(frozen=True)
class _Found:
    """A photograph, and its place in the tree that it was found in."""

    photo: Path
    place: PurePosixPath
    strokes: Path | None = None


def find_jobs(
    inputs: Sequence[str | Path],
    out_dir: Path,
    *,
    strokes_dir: Path | None = None,
    suffix: str | None = None,
    taken: Mapping[str, str] | None = None,
) -> list[Job]:
    """Find photographs, and give each result a name that no other has.

    A result lies in `out_dir` as its photograph does in the folder that was named, or below the fixed part of the
    pattern. Where two photographs would share a result, one gets eight digits of the hash of its path.

    Parameters
    ----------
    inputs : sequence of str or Path
        Files; folders, searched to their ends; patterns (``scans/**/*.tif``); lists (.csv with the columns photo and
        maybe strokes and output, or .jsonl with these keys), whose paths start from the list.
    out_dir : Path
        Where results will lie; nothing in it is a photograph to colour.
    strokes_dir : Path, optional
        Where the strokes of NAME are called NAME.json or NAME.png, or NAME_strokes; below it in the same folders as
        the photographs, or in none.
    suffix : str, optional
        Of all results; if left out, that of the photograph, or .png where such a file cannot be written.
    taken : mapping, optional
        From results of earlier runs to their photographs, which keep these names.

    Returns
    -------
    list of Job
        In order of the inputs, sorted within each; a photograph that is found twice is there once.

    Raises
    ------
    InputError
        If there is no such file, no photograph at all, one lies in `out_dir`, a list is malformed, or strokes are
        ambiguous.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     scans = Path(folder, "scans")
    ...     for name in ("1890/street.tif", "1891/street.tif"):
    ...         path = scans / name
    ...         path.parent.mkdir(parents=True)
    ...         path.touch()
    ...     [job.output for job in find_jobs([scans], Path(folder, "colour"))]
    ['1890/street.tif', '1891/street.tif']
    """
    owners = {_plain(output): photo for output, photo in (taken or {}).items()}
    inside = out_dir.resolve()
    for entry in map(Path, inputs):
        if entry.exists() and inside in (entry.resolve(), *entry.resolve().parents):
            raise InputError(f"{entry} lies in the folder of results, {out_dir}: choose another folder for them")
    if strokes_dir is not None and not strokes_dir.is_dir():
        raise InputError(f"there is no folder of strokes {strokes_dir}; check the path")
    jobs: dict[Path, Job] = {}
    for found in (each for entry in inputs for each in _search(entry)):
        photo = found.photo.resolve()
        if photo in jobs or inside in photo.parents:
            continue
        names = _names_for(photo, _place_in(found.place, suffix))
        output = next((name for name in names if owners.get(_plain(name)) == str(photo)), None)
        output = output or next(name for name in names if _plain(name) not in owners)
        owners[_plain(output)] = str(photo)
        strokes = found.strokes or (strokes_dir and _strokes_for(found.place, strokes_dir))
        jobs[photo] = Job(photo, output, strokes.resolve() if strokes else None)
    if not jobs:
        raise InputError(f"no photograph to colour in {', '.join(map(str, inputs))}; name some")
    return list(jobs.values())


def _search(entry: str | Path) -> Iterator[_Found]:
    """Photographs of one input."""
    path = Path(entry)
    if path.is_dir():
        yield from _search_folder(path)
    elif path.suffix.lower() in LISTS:
        yield from _read_list(path)
    elif path.exists():
        yield _Found(path, PurePosixPath(path.name))
    elif has_magic(str(entry)):
        yield from _search_pattern(str(entry))
    else:
        raise InputError(f"there is no file or folder {entry}; check the path")


def _search_folder(folder: Path) -> Iterator[_Found]:
    """Photographs in a folder and below, sorted by name."""
    return (found for found in _matches(folder, "**/*") if found.place.suffix.lower() in READABLE)


def _search_pattern(pattern: str) -> Iterator[_Found]:
    """Files that match a pattern; they keep their places below its part without wildcards."""
    fixed = Path(pattern)
    while has_magic(str(fixed)):
        fixed = fixed.parent
    found = None
    for found in _matches(fixed, str(Path(pattern).relative_to(fixed))):
        yield found
    if found is None:
        raise InputError(f"no file matches {pattern!r}; check it, and quote it for the shell")


def _matches(folder: Path, pattern: str) -> Iterator[_Found]:
    """Files that match a pattern below a folder, but for hidden ones, sorted by name."""
    for path in sorted(folder.glob(pattern)):
        place = PurePosixPath(path.relative_to(folder).as_posix())
        leads_nowhere = path.is_symlink() and not path.exists()  # it is told when its turn comes
        if not any(part.startswith(".") for part in place.parts) and (path.is_file() or leads_nowhere):
            yield _Found(path, place)


def _read_list(path: Path) -> Iterator[_Found]:
    """Photographs of a list; a missing one is found out when its turn comes."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            if path.suffix.lower() == ".csv":
                rows: Iterable[dict[str, str]] = list(csv.DictReader(file, skipinitialspace=True))
            else:
                rows = [json.loads(line) for line in file if line.strip()]
        for number, row in enumerate(rows, start=1):
            photo, strokes = path.parent / row["photo"], row.get("strokes")
            place = PurePosixPath(row.get("output") or photo.name)
            if place.is_absolute() or ".." in place.parts:
                raise InputError(f"{path}, photograph {number}: output must lie in the output folder, but is {place}")
            yield _Found(photo, place, path.parent / strokes if strokes else None)
    except OSError as error:
        raise InputError(f"cannot read the list {path}: {error.strerror or error}") from error
    except (KeyError, TypeError, AttributeError, UnicodeDecodeError, json.JSONDecodeError, csv.Error) as error:
        raise InputError(
            f"{path} is no list of photographs ({type(error).__name__}: {error}): it needs photo, and may have strokes "
            "and output, as columns of a CSV file or as keys of each line of JSON"
        ) from error


def _strokes_for(place: PurePosixPath, folder: Path) -> Path | None:
    """The file of strokes of a photograph, by its name."""
    for near in dict.fromkeys((folder / place.parent, folder)):
        names = [f"{place.stem}{middle}{suffix}" for middle in ("", "_strokes") for suffix in STROKES]
        there = [near / name for name in names if (near / name).is_file()]
        if len(there) > 1:
            raise InputError(f"which are the strokes of {place}: {there[0]} or {there[1]}? Leave one of them there")
        if there:
            return there[0]
    return None


def _place_in(place: PurePosixPath, suffix: str | None) -> PurePosixPath:
    """Where the result goes, unless another is there already."""
    if suffix is None:
        return place if place.suffix.lower() in SUFFIXES else place.with_suffix(".png")
    return place if place.suffix.lower() == suffix else place.with_suffix(suffix)


def _names_for(photo: Path, place: PurePosixPath) -> list[str]:
    """What the result may be called, best first; the last is its own for sure."""
    digest = hashlib.sha256(str(photo).encode("utf-8", "surrogateescape")).hexdigest()
    return [str(place.with_stem(f"{place.stem}{mark}")) for mark in ("", f"-{digest[:8]}", f"-{digest}")]


def _plain(output: str) -> str:
    """A name as file systems that know no case and no composed letters see it."""
    return unicodedata.normalize("NFC", output).casefold()
