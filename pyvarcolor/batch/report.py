"""The report on a run, for people: one page of HTML with numbers, failures, pictures and timings, and no other file."""

from __future__ import annotations

import base64
import heapq
import io
import os
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from pyvarcolor.batch.manifest import Record
from pyvarcolor.io import Photo, read_photo
from pyvarcolor.io.atomic import replace_file
from pyvarcolor.io.photo import with_depth
from pyvarcolor.provenance import to_json

SIDE = 240
"""Longest side of a thumbnail in pixels."""
SLOWEST = 500
MOST_ROWS = 2000
"""Of failures and of warnings; the manifest has all."""
_LARGEST_PROFILE = 2**16
_LONG = {"file", "reason", "warning"}
_OUTCOMES = "done", "failed", "quarantined"
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
# Control characters, marks that turn the direction of writing, and bytes that are no UTF-8.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def write_report(records: Iterable[Record], out_dir: Path, path: Path, *, samples: int = 60) -> None:
    """Write what came of a run as a page of HTML that needs no other file and no network.

    Parameters
    ----------
    records : iterable of Record
        The last one of each output, as from `Manifest.latest`.
    out_dir : Path
        Folder of the results.
    path : Path
        The page; an existing one is replaced once the new one is complete.
    samples : int
        At most so many photographs are shown before and after, evenly spread over those that are done.

    Raises
    ------
    OSError
        If the page cannot be written. Photographs that cannot be read any more are told of in the page.

    Examples
    --------
    >>> import tempfile
    >>> record = Record(input="/scans/a.tif", input_sha256="", output="a.tif", recipe={}, versions={}, outcome="failed")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_report([record], Path(folder), Path(folder, "report.html"))
    ...     "1 failed" in Path(folder, "report.html").read_text(encoding="utf-8")
    True
    """
    replace_file(path, _page([*records], out_dir, samples).encode())


class _Number(NamedTuple):
    """A number in a table, sorted by its value."""

    value: float
    words: str


_Cell = str | _Number


def _page(records: Sequence[Record], out_dir: Path, samples: int) -> str:
    done = [record for record in records if record.outcome == "done"]
    folder = _common_folder(records)
    where = f" from {_text(folder)}" if folder else ""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Colourisation of {_plural(len(records), "photograph")}</title>
<style>
{_asset("report.css")}</style>
</head>
<body>
<header>
<h1>Colourisation of {_plural(len(records), "photograph")}</h1>
<p>{_period(records)}{where}</p>
</header>
<main>
{_outcomes(records)}
{_numbers(records, done)}
{_making(records)}
{_failures(records, folder)}
{_warnings(records, folder)}
{_samples(done, out_dir, folder, samples)}
{_timings(done, folder)}
</main>
<script>
{_asset("report.js")}</script>
</body>
</html>
"""


def _outcomes(records: Sequence[Record]) -> str:
    """How many were done and how many not, as a bar and in words."""
    counts = Counter[str](record.outcome for record in records)
    parts = "".join(f'<i class="{name}" style="flex-grow: {counts[name]}"></i>' for name in _OUTCOMES if counts[name])
    words = "".join(
        f'<li class="{name if counts[name] else ""}"><b>{counts[name]:,}</b> {name}</li>' for name in _OUTCOMES
    )
    return f'<div class="bar" aria-hidden="true">{parts}</div>\n<ul class="outcomes">{words}</ul>'


def _numbers(records: Sequence[Record], done: Sequence[Record]) -> str:
    """The run in a few numbers."""
    seconds = [float(record.seconds) for record in done]
    pixels = sum(_megapixels(record) for record in done)
    worked = sum(float(record.seconds) for record in records)
    errors = [float(record.lightness_error) for record in done]
    facts = {
        "photographs": f"{len(records):,}",
        "pages": f"{sum(record.pages for record in records):,}",
        "megapixels coloured": f"{pixels:,.1f}",
        "time of all workers": _duration(worked),
        "seconds per megapixel": f"{sum(seconds) / pixels:,.2f}" if pixels else "–",
        "median time": _duration(np.median(seconds)) if done else "–",
        "95 % took at most": _duration(np.percentile(seconds, 95)) if done else "–",
        "longest time": _duration(np.max(seconds)) if done else "–",
        "largest peak of memory": f"{max((record.peak_memory for record in records), default=0) / 1e6:,.0f} MB",
        "largest error of lightness": f"{np.max(errors):.3g} L*" if done else "–",
    }
    tiles = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts.items())
    return f'<dl class="numbers">{tiles}</dl>'


def _making(records: Sequence[Record]) -> str:
    """Programs and options, which mostly are the same for all."""
    versions = _distinct(
        ", ".join(f"{name} {version}" for name, version in record.versions.items()) for record in records
    )
    backends = _distinct(record.backend for record in records)
    recipes = Counter(repr(record.recipe) for record in records)
    chosen = {repr(record.recipe): record.recipe for record in records}
    details = "\n".join(_recipe(chosen[key], count) for key, count in recipes.most_common())
    facts = {"Programs": versions, "Kernels": backends}
    lines = "".join(f"<p><b>{name}:</b> {'; '.join(values)}</p>" for name, values in facts.items() if values)
    return f'<section class="making">{lines}\n{details}</section>'


def _recipe(recipe: Mapping[str, Any], count: int) -> str:
    method = recipe.get("method")
    name = method.get("name", "") if isinstance(method, Mapping) else method
    summary = f"<b>Method:</b> {_text(name or '–')}, {_plural(count, 'photograph')}"
    words = _text(to_json(recipe), keep="\n")
    return f"<details><summary>{summary}</summary><pre>{words}</pre></details>"


def _failures(records: Sequence[Record], folder: str) -> str:
    failed = [record for record in records if record.outcome != "done"]
    counts = Counter(record.outcome for record in failed)
    rows = [
        (_name(record, folder), record.outcome, _told(record, record.error, folder), _number(record.seconds, ",.1f"))
        for record in failed[:MOST_ROWS]
    ]
    note = ", ".join(f"{count:,} {outcome}" for outcome, count in sorted(counts.items()))
    return _table("Failures", note, ("file", "outcome", "reason", "seconds"), rows, len(failed))


def _warnings(records: Sequence[Record], folder: str) -> str:
    every = [(_name(record, folder), _told(record, words, folder)) for record in records for words in record.warnings]
    return _table("Warnings", f"{len(every):,}", ("file", "warning"), every[:MOST_ROWS], len(every))


def _timings(done: Sequence[Record], folder: str) -> str:
    slowest = heapq.nlargest(SLOWEST, done, key=lambda record: float(record.seconds))
    rows = [_timing(record, folder) for record in slowest]
    heads = "file", "size", "depth", "pages", "seconds", "peak MB", "lightness error", "moved %", "warnings"
    return _table("Timings", "the slowest first", heads, rows, len(done), falling="seconds")


def _timing(record: Record, folder: str) -> Sequence[_Cell]:
    return (
        _name(record, folder),
        _Number(record.width * record.height, _size(record)),
        record.dtype,
        _number(record.pages, ",.0f"),
        _number(record.seconds, ",.1f"),
        _number(record.peak_memory / 1e6, ",.0f"),
        _number(record.lightness_error, ".3g"),
        _number(100 * float(record.moved), ".2f"),
        _number(len(record.warnings), ",.0f"),
    )


def _samples(done: Sequence[Record], out_dir: Path, folder: str, most: int) -> str:
    """Photographs before and after."""
    places = np.linspace(0, len(done) - 1, min(max(most, 0), len(done))).round().astype(int)
    figures = "\n".join(_figure(done[place], out_dir, folder) for place in places)
    note = f"{len(places):,} of {len(done):,}"
    return _section("Before and after", note, f'<div class="samples">\n{figures}\n</div>') if figures else ""


def _figure(record: Record, out_dir: Path, folder: str) -> str:
    before, after = _picture(Path(record.input), "before"), _picture(out_dir / record.output, "after")
    caption = f"<bdi>{_text(_name(record, folder))}</bdi><small>{_size(record)}, {_duration(record.seconds)}</small>"
    return f'<figure><div class="pair">{before}{after}</div><figcaption>{caption}</figcaption></figure>'


def _picture(path: Path, name: str) -> str:
    """A photograph in small, or why it cannot be shown."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            photo = read_photo(path.absolute())
        small = _thumbnail(photo)
        data = base64.b64encode(_jpeg(small, photo.icc)).decode()
    except (OSError, ValueError, MemoryError) as error:
        return f'<p class="gone">{_text(str(error).replace(str(path.absolute()), path.name))}</p>'
    return f'<img alt="{name}" width="{small.width}" height="{small.height}" src="data:image/jpeg;base64,{data}">'


def _thumbnail(photo: Photo) -> Image.Image:
    """The photograph in small: at first every so many pixels, so that a large one is not taken to 8 bits whole."""
    step = max(max(photo.pixels.shape[:2]) // (4 * SIDE), 1)
    image = Image.fromarray(with_depth(np.ascontiguousarray(photo.pixels[::step, ::step]), np.uint8)).convert("RGB")
    image.thumbnail((SIDE, SIDE))
    return image


def _jpeg(image: Image.Image, profile: bytes | None) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=80, icc_profile=profile if len(profile or b"") <= _LARGEST_PROFILE else None)
    return stream.getvalue()


def _section(title: str, note: str, content: str) -> str:
    return f"<section>\n<h2>{title} <small>{note}</small></h2>\n{content}\n</section>"


def _table(
    title: str, note: str, heads: Sequence[str], rows: Sequence[Sequence[_Cell]], count: int, falling: str = ""
) -> str:
    """A part of the page with a table that a click on a head sorts; `count` rows it would have in all."""
    if not rows:
        return ""
    kinds = [
        "number" if isinstance(cell, _Number) else "words" if head in _LONG else ""
        for head, cell in zip(heads, rows[0], strict=True)
    ]
    sort = ' aria-sort="descending"'
    head = "".join(
        f'<th scope="col" class="{kind}"{sort if name == falling else ""}><button type="button">{name}</button></th>'
        for name, kind in zip(heads, kinds, strict=True)
    )
    body = "\n".join(f"<tr>{''.join(map(_td, row, kinds))}</tr>" for row in rows)
    left_out = f"<p>{len(rows):,} of {count:,}; the manifest has all.</p>" if len(rows) < count else ""
    table = f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>"
    box = f'<div class="scroll" role="region" tabindex="0" aria-label="{title}">{table}</div>'
    return _section(title, note, f"{left_out}{box}")


def _td(cell: _Cell, kind: str) -> str:
    if isinstance(cell, _Number):
        return f'<td class="{kind}" data-value="{cell.value}">{cell.words}</td>'
    return f'<td class="{kind}"><bdi>{_text(cell)}</bdi></td>'


def _number(value: float, form: str) -> _Number:
    """As the form says; a word for infinity or NaN, which JSON has no numbers for, is taken as well."""
    number = float(value)
    return _Number(number, f"{number:{form}}")


def _text(words: object, keep: str = "") -> str:
    """Words as HTML that shows them and does nothing else, whatever they are."""
    shown = _UNPRINTABLE.sub(lambda found: found[0] if found[0] in keep else _code(found[0]), str(words))
    return escape(shown)


def _code(character: str) -> str:
    return character.encode("unicode_escape").decode()


def _distinct(words: Iterable[str]) -> list[str]:
    return [_text(word) for word in dict.fromkeys(words) if word]


def _common_folder(records: Sequence[Record]) -> str:
    """The folder that all photographs lie in; "" if there is none."""
    try:
        return os.path.commonpath({str(Path(record.input).parent) for record in records})
    except ValueError:  # no photographs, or on several drives
        return ""


def _name(record: Record, folder: str) -> str:
    return record.input.removeprefix(folder).lstrip("/\\") if folder else record.input


def _told(record: Record, words: str, folder: str) -> str:
    """Words on a photograph, with its name in place of its whole path."""
    return words.replace(record.input, _name(record, folder))


def _size(record: Record) -> str:
    return f"{record.width:,} × {record.height:,}"


def _megapixels(record: Record) -> float:
    """Of all pages, as though they were as large as the first."""
    return record.pages * record.width * record.height / 1e6


def _period(records: Sequence[Record]) -> str:
    times = sorted({record.finished for record in records if record.finished})
    if not times:
        return "Nothing was done"
    words = " to ".join(dict.fromkeys([times[0], times[-1]]))
    return _text(words.replace("T", " ").replace("+00:00", " UTC"))


def _plural(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _duration(seconds: float) -> str:
    """Seconds in the unit that suits them."""
    value = float(seconds)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if value >= 2 * size:
            return f"{value / size:,.1f} {unit}"
    return f"{value:.1f} s"


def _asset(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
