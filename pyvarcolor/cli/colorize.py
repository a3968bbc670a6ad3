"""`pyvarcolor colorize`: one photograph."""

import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

import pyvarcolor
from pyvarcolor import kernels
from pyvarcolor.cli.flags import OUTPUT, RUN, STROKES, Backend, Json, MaxPixels, Quiet, Threads
from pyvarcolor.cli.terminal import UsageError, speaking
from pyvarcolor.color import Array, rgb_to_lab
from pyvarcolor.provenance import note_on, to_json
from pyvarcolor.recipe import Recipe

_NO_STROKES = (
    "method {!r} needs strokes (auto and network do without): open the photograph in an image editor, paint a few "
    "lines of colour on it or on a transparent layer above it, save that as PNG, and name it with --strokes; see also "
    "`pyvarcolor demo`"
)


def colorize(
    photo: Annotated[Path, typer.Argument(metavar="IN", help="The photograph; - for standard input.")],
    strokes: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Picture of strokes, or vector strokes (JSON).", rich_help_panel=STROKES),
    ] = None,
    strokes_format: Annotated[
        Literal["auto", "black", "layer", "copy", "vector"],
        typer.Option(
            help="How they are marked: on black, on a transparent layer, on a copy of IN, or vector strokes.",
            rich_help_panel=STROKES,
        ),
    ] = "auto",
    resize_strokes: Annotated[
        bool,
        typer.Option("--resize-strokes", help="Bring them to the size of IN.", rich_help_panel=STROKES),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="OUT",
            help="PNG, TIFF, JPEG or WebP file to write; - for PNG on standard output. "
            "If left out, IN with _color in its name.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace OUT if it exists.", rich_help_panel=OUTPUT)
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything, write nothing.", rich_help_panel=OUTPUT)
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
    *,
    recipe: Recipe,
    initial: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Start from this earlier result.", rich_help_panel=RUN),
    ] = None,
    tile: Annotated[
        int | None,
        typer.Option(
            min=256,
            metavar="PIXELS",
            help="Colour in tiles of this side (4096 is a good one), where memory is short.",
            rich_help_panel=RUN,
        ),
    ] = None,
    backend: Backend = "auto",
    threads: Threads = None,
    max_pixels: MaxPixels = 250_000_000,
) -> None:
    """Colour a photograph from strokes, or without any.

    The result keeps the photograph's lightness, bit depth, transparency, EXIF
    data, colour profile and resolution. No file is overwritten unless you say so.
    """
    with speaking(quiet=quiet) as terminal:
        from pyvarcolor.io import check_target, read_photo, write_photo
        from pyvarcolor.strokes.parsing import read_strokes

        to_stdout = str(out or photo) == "-"
        if str(photo) == str(strokes) == "-":
            raise UsageError("IN and --strokes must not both be standard input")
        if to_stdout and (json or sys.stdout.isatty()):
            raise UsageError("the picture would go to standard output, which is taken: name a file with -o")
        if tile is not None and initial is not None:
            raise UsageError("--initial and --tile exclude each other: tiles start from the photograph made small")
        if strokes is None and recipe.needs_hints:
            raise UsageError(_NO_STROKES.format(recipe.method.name))
        kernels.load(backend, threads)

        source = read_photo(photo, max_pixels=max_pixels)
        target = out or name_beside(photo)
        check_target(target, like=source, overwrite=overwrite)
        found = None
        if strokes is not None:
            found = read_strokes(
                strokes, source.pixels, format=strokes_format, resize=resize_strokes, max_pixels=max_pixels
            )
            terminal.note(f"{strokes}: {found}")
        height, width = source.pixels.shape[:2]
        facts: dict[str, Any] = {
            "version": pyvarcolor.__version__,
            "input": str(photo),
            "output": str(target),
            "width": width,
            "height": height,
            "dtype": source.pixels.dtype.name,
            "strokes": found
            and {
                "path": str(strokes),
                "format": found.format,
                "count": found.count,
                "colours": found.colours,
                "share": found.hints.share,
            },
            "method": recipe.method.name,
            **recipe.choices(),
            "dry_run": dry_run,
        }
        line = f"{target}: {width} x {height}, nothing written (dry run)"
        start = None if initial is None else _chroma_of(initial, (height, width), max_pixels)
        if not dry_run:
            run = partial(pyvarcolor.colorize, initial=start)
            if tile is not None:
                run = partial(pyvarcolor.colorize_tiles, tile=tile)
            hints = None if found is None else found.hints
            with terminal.progress(f"{photo.name}, {recipe.method.name}") as callback:
                result = run(source.pixels, hints, method=recipe, backend=backend, threads=threads, callback=callback)
            note = note_on(result, **recipe.choices(), strokes=strokes and strokes.name)
            write_photo(target, result.rgb, like=source, note=note, overwrite=overwrite)
            facts |= {"report": asdict(result.report), "moved": result.moved}
            line = f"{target}: {width} x {height}, {result.report}, {result.moved:.1%} moved into the gamut"
        if to_stdout:
            terminal.note(line)
        else:
            typer.echo(to_json(facts) if json else line)


def name_beside(photo: Path) -> Path:
    """Where the result goes by default."""
    from pyvarcolor.io import SUFFIXES

    if str(photo) == "-":
        return photo
    suffix = photo.suffix if photo.suffix.lower() in SUFFIXES else ".png"
    return photo.with_name(f"{photo.stem}_color{suffix}")


def _chroma_of(earlier: Path, shape: tuple[int, int], max_pixels: int) -> Array:
    """Chroma (H, W, 2) of an earlier result."""
    from pyvarcolor.io import read_photo

    pixels = read_photo(earlier, max_pixels=max_pixels).pixels
    if pixels.shape != (*shape, 3):
        raise ValueError(f"--initial must be a colour picture of shape {(*shape, 3)}, but {earlier} has {pixels.shape}")
    return rgb_to_lab(pixels)[..., 1:]
