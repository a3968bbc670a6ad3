"""The command line: each command reads files, calls the pipeline and says what it did.

Results go to standard output, all else to standard error. What is slow to import waits until it is needed.
"""

import io
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import typer
from typer.core import TyperCommand

import pyvarcolor
from pyvarcolor import kernels, methods
from pyvarcolor.cli.archives import batch, verify
from pyvarcolor.cli.flags import (
    HINTS,
    OUTPUT,
    RUN,
    STROKES,
    WINDOW,
    Backend,
    Json,
    MaxPixels,
    Method,
    Prior,
    Quiet,
    Space,
    Threads,
)
from pyvarcolor.cli.method_flags import chosen_options, describe, options_of, with_method_flags
from pyvarcolor.cli.paint import Browser, DrawButton, Port, Toolkit, Web
from pyvarcolor.cli.terminal import UsageError, blaming_usage, flush_results, speaking
from pyvarcolor.color import Array, rgb_to_lab
from pyvarcolor.provenance import note_on, to_json

if TYPE_CHECKING:
    from pyvarcolor.io.photo import Pixels
    from pyvarcolor.strokes.vector import VectorStroke

_NO_STROKES = (
    "method {!r} needs strokes (auto and network do without): open the photograph in an image editor, paint a few "
    "lines of colour on it or on a transparent layer above it, save that as PNG, and name it with --strokes; see also "
    "`pyvarcolor demo`"
)


def main() -> None:
    """Run the command that the process was started with."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # any file name can be printed
    try:
        make_app()()
    finally:
        flush_results()


def make_app() -> typer.Typer:
    """Build the application, with the flags of all methods that are registered now.

    Returns
    -------
    typer.Typer
    """
    app = typer.Typer(
        name="pyvarcolor",
        epilog="Start with: pyvarcolor demo",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_about_all_commands)
    app.command(
        epilog="Examples:\n\n"
        "pyvarcolor colorize photo.tif\n\n"
        "pyvarcolor colorize photo.tif --strokes strokes.png\n\n"
        "pyvarcolor colorize photo.jpg --strokes strokes.png -o colour.png --method tgv --alpha0 5"
    )(with_method_flags(colorize))
    app.command(
        epilog="Examples:\n\n"
        "pyvarcolor paint photo.tif\n\n"
        "pyvarcolor paint photo.tif --strokes strokes.png -o colour.tif --draw-button left"
    )(paint)
    app.command(epilog="Example: pyvarcolor demo --out-dir pictures")(demo)
    app.command(
        cls=_ManyMethods,
        epilog="Examples:\n\n"
        "pyvarcolor evaluate photographs --kinds p10,p50 --seeds 3 --methods graph tgv:alpha0=5\n\n"
        "pyvarcolor evaluate photographs --hints hints --kinds p50,strokes --plot quality.png",
    )(evaluate)
    app.command(
        epilog="Examples:\n\n"
        "pyvarcolor batch scans --out-dir colour\n\n"
        "pyvarcolor batch 'scans/**/*.tif' --out-dir colour --strokes-dir strokes --jobs 8 --report report.html\n\n"
        "pyvarcolor batch list.csv --out-dir colour --cluster tcp://10.0.0.1:8786"
    )(with_method_flags(batch))
    app.command(epilog="Example: pyvarcolor verify colour/manifest.jsonl")(verify)
    app.command("methods", epilog="Example: pyvarcolor methods tgv")(list_methods)
    app.command(epilog="Example: pyvarcolor info --json")(info)
    return app


def _print_version(asked: bool) -> None:
    """Say what would run, and end."""
    if asked:
        best = kernels.load()
        simd, threads = best.simd_level(), best.threads
        typer.echo(f"pyvarcolor {pyvarcolor.__version__} ({best.backend} kernels, {simd}, {threads} threads)")
        raise typer.Exit


def _about_all_commands(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show version and kernels."),
    ] = False,
) -> None:
    """Colour old black-and-white photographs from a few strokes of colour."""


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
    method: Method = "auto",
    prior: Prior = "auto",
    initial: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Start from this earlier result.", rich_help_panel=RUN),
    ] = None,
    space: Space = "lab",
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
    **options: Any,
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
        with blaming_usage():
            solver, expected = methods.make(method, **options), methods.prior_of(method, prior)
        if strokes is None and all(each is None or each.needs_hints for each in (solver, expected)):
            raise UsageError(_NO_STROKES.format(solver.name))
        kernels.load(backend, threads)

        source = read_photo(photo, max_pixels=max_pixels)
        target = out or _name_beside(photo)
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
            "method": solver.name,
            "options": chosen_options(solver),
            "prior": expected and {"method": expected.name, "options": chosen_options(expected)},
            "space": space,
            "dry_run": dry_run,
        }
        line = f"{target}: {width} x {height}, nothing written (dry run)"
        start = None if initial is None else _chroma_of(initial, (height, width), max_pixels)
        if not dry_run:
            how = {
                "method": method,
                "prior": expected,
                "backend": backend,
                "space": space,
                "threads": threads,
                **options,
            }
            hints = None if found is None else found.hints
            with terminal.progress(f"{photo.name}, {solver.name}") as callback:
                if tile is None:
                    result = pyvarcolor.colorize(source.pixels, hints, initial=start, callback=callback, **how)
                else:
                    result = pyvarcolor.colorize_tiles(source.pixels, hints, tile=tile, callback=callback, **how)
            chosen = {name: facts[name] for name in ("options", "prior", "space")}
            note = note_on(result, **chosen, strokes=strokes and strokes.name)
            write_photo(target, result.rgb, like=source, note=note, overwrite=overwrite)
            facts |= {"report": asdict(result.report), "moved": result.moved}
            line = f"{target}: {width} x {height}, {result.report}, {result.moved:.1%} moved into the gamut"
        if to_stdout:
            terminal.note(line)
        else:
            typer.echo(to_json(facts) if json else line)


def paint(
    photo: Annotated[Path, typer.Argument(metavar="PHOTO", help="The photograph.")],
    strokes: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Strokes to go on with, and where they are saved; if left out, PHOTO_strokes.json.",
            rich_help_panel=STROKES,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="OUT",
            help="Where the colour photograph is saved; if left out, PHOTO with _color in its name.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    draw_button: DrawButton = "right",
    backend: Toolkit = None,
    web: Web = False,
    port: Port = 8988,
    browser: Browser = True,
    live: Annotated[
        bool, typer.Option("--live/--no-live", help="Colour follows the brush from the start.", rich_help_panel=WINDOW)
    ] = True,
    method: Method = "auto",
    prior: Prior = "auto",
    kernels_: Annotated[
        Literal["auto", "cpp", "numba"],
        typer.Option("--kernels", help="Kernels to run on; auto is C++ where it was built.", rich_help_panel=RUN),
    ] = "auto",
    threads: Threads = None,
    max_pixels: MaxPixels = 250_000_000,
    quiet: Quiet = False,
) -> None:
    """Paint strokes on a photograph and see its colour follow the brush.

    S saves the strokes, and the photograph in colour at its full size and depth.
    H shows all keys. Strokes that were not saved are offered again next time.
    """
    with speaking(quiet=quiet) as terminal:
        from pyvarcolor.cli.paint import Settings, open_window
        from pyvarcolor.io import read_photo

        with blaming_usage():
            methods.make(method)
            methods.prior_of(method, prior)
        kernels.load(kernels_, threads)
        source = read_photo(photo, max_pixels=max_pixels)
        target = out or _name_beside(photo)
        settings = Settings(draw_button, backend, web, port, browser, live)
        options = {"method": method, "prior": prior, "backend": kernels_, "threads": threads}
        beside = target.with_name(f"{photo.stem}_strokes.json")
        for path in open_window(source, strokes or beside, target, "auto", beside, settings, options, terminal):
            typer.echo(path)


def demo(
    out_dir: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Where the pictures go.", rich_help_panel=OUTPUT)
    ] = Path("pyvarcolor-demo"),
    quiet: Quiet = False,
    method: Method = "auto",
    backend: Backend = "auto",
    threads: Threads = None,
) -> None:
    """Colour the photograph that comes with the program, from strokes that come with it.

    Writes gray.png, strokes.png, result.png, and side_by_side.png, which also has
    the true colour. Run again, it replaces them.
    """
    with speaking(quiet=quiet) as terminal:
        from skimage.metrics import peak_signal_noise_ratio

        from pyvarcolor.demo import load_demo
        from pyvarcolor.io import write_photo
        from pyvarcolor.strokes.raster import rasterize

        with blaming_usage():
            solver = methods.make(method)
        true_rgb, gray, strokes = load_demo()
        hints = rasterize(strokes, (gray.shape[0], gray.shape[1]))
        with terminal.progress(f"demo, {solver.name}") as callback:
            result = pyvarcolor.colorize(
                gray, hints, method=method, backend=backend, callback=callback, threads=threads
            )
        gray_rgb = np.dstack([gray, gray, gray])
        drawn = _draw(strokes, gray_rgb)
        gap = np.full((len(gray), 8, 3), 255, np.uint8)
        beside = np.hstack([gray_rgb, gap, drawn, gap, result.rgb, gap, true_rgb])
        pictures = {"gray": gray_rgb, "strokes": drawn, "result": result.rgb, "side_by_side": beside}
        notes = dict.fromkeys(
            ("result", "side_by_side"), note_on(result, options=chosen_options(solver), strokes="of the demo")
        )

        out_dir.mkdir(parents=True, exist_ok=True)
        for name, picture in pictures.items():
            target = out_dir / f"{name}.png"
            replaced = " (replaced)" * target.exists()
            typer.echo(f"{write_photo(target, picture, note=notes.get(name), overwrite=True)}{replaced}")
        before = peak_signal_noise_ratio(true_rgb, gray_rgb)  # type: ignore[no-untyped-call]
        after = peak_signal_noise_ratio(true_rgb, result.rgb)  # type: ignore[no-untyped-call]
        typer.echo(f"{result.report}; PSNR against the true colour {after:.1f} dB (gray: {before:.1f} dB)")
        files = f"{out_dir / 'gray.png'} --strokes {out_dir / 'strokes.png'}"
        terminal.note(f"To try other strokes: pyvarcolor colorize {files}")


class _ManyMethods(TyperCommand):
    """A command whose flag --methods takes all words up to the next flag."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Repeat the flag before each of its words, which is how Typer reads a list."""
        words: list[str] = []
        inside = False
        for word in args:
            if word.startswith("-"):
                inside = word == "--methods"
            elif inside and words[-1] != "--methods":
                words.append("--methods")
            words.append(word)
        return super().parse_args(ctx, words)


def evaluate(
    photographs: Annotated[list[Path], typer.Argument(metavar="IN", help="Colour photographs, or folders of them.")],
    asked: Annotated[
        list[str] | None,
        typer.Option(
            "--methods",
            metavar="NAME[:OPTION=VALUE,...] ...",
            help="What to compare: the others with the first. If left out, auto.",
            rich_help_panel=RUN,
        ),
    ] = None,
    kinds: Annotated[
        str,
        typer.Option(
            metavar="KIND,...",
            help="Kinds of hints: none, p10 for ten random points, or names of stored ones.",
            rich_help_panel=HINTS,
        ),
    ] = "p10,p50,p200",
    hints: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Stored hints, NAME.npz for the photograph NAME; if left out, they are simulated.",
            rich_help_panel=HINTS,
        ),
    ] = None,
    seeds: Annotated[
        int | None,
        typer.Option(min=1, help="Sets of simulated hints for each; if left out, one.", rich_help_panel=HINTS),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only so many photographs, evenly from all.")] = None,
    scale: Annotated[Literal["0.5", "1", "2"], typer.Option(help="Size to bring photographs and hints to.")] = "1",
    json: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write every score as JSON.", rich_help_panel=OUTPUT)
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Draw quality against hints and against seconds: PNG, PDF or SVG.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace these files if they exist.", rich_help_panel=OUTPUT)
    ] = False,
    quiet: Quiet = False,
    backend: Backend = "auto",
    threads: Threads = None,
) -> None:
    """Measure methods on colour photographs, coloured from a few of their own colours.

    Prints a table in Markdown: means, one standard error of each, and paired
    differences to the first method. What is measured: docs/evaluation.md.
    """
    with speaking(quiet=quiet) as terminal:
        from pyvarcolor import evaluation

        if hints is not None and seeds is not None:
            raise UsageError("--seeds and --hints exclude each other: stored hints are as they are")
        texts, found_kinds = asked or ["auto"], kinds.split(",")
        with blaming_usage():
            for text in texts:
                evaluation.parse_method(text)
            if plot is not None:
                evaluation.check_suffix(plot)
        for file in (json, plot):
            if file is not None:
                _check_new(file, overwrite)
        paths = evaluation.find_photographs(photographs, hints=hints, limit=limit)
        runs = len(paths) * len(found_kinds) * len(texts) * (seeds or 1)
        with terminal.counting(f"{len(paths)} photographs", runs) as callback:
            scores = evaluation.evaluate(
                paths,
                found_kinds,
                texts,
                hints=hints,
                seeds=seeds or 1,
                scale=float(scale),
                backend=backend,
                threads=threads,
                callback=lambda score: callback(f"{score.photograph}, {score.kind}, {score.method}"),
            )
        rows = evaluation.summarize(scores)
        if json is not None:
            facts = {"version": pyvarcolor.__version__, "scale": float(scale)}
            facts |= {"table": list(map(asdict, rows)), "scores": list(map(asdict, scores))}
            json.write_text(to_json(facts), "utf-8")
        if plot is not None:
            evaluation.plot(rows, plot)
        typer.echo(evaluation.to_markdown(rows))
        for row in rows:
            if row.converged < 1:
                terminal.note(f"{row.method} on {row.kind}: only {row.converged:.0%} of the runs converged")


def list_methods(
    name: Annotated[str | None, typer.Argument(help="Tell all about this method.")] = None,
    json: Json = False,
) -> None:
    """List the methods of spreading colour, and their options.

    An option max_iter is the flag --max-iter of the command colorize.
    """
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    with speaking(), blaming_usage():
        shown = [methods.get(each) for each in (methods.names() if name is None else [name])]
    if json:
        facts = [describe(method) for method in shown]
        typer.echo(to_json(facts if name is None else facts[0]))
        return
    if name is None:
        table = Table("Method", "How it spreads colour", "Options and their defaults", show_lines=True)
        auto = methods.make("auto")
        best = ", ".join(["auto", *(f"{name} = {value}" for name, value in chosen_options(auto).items())])
        for method in shown:
            title = f"{method.name} ({best})" if method is type(auto) else method.name
            options = ", ".join(f"{option.name} = {option.default_name}" for option in options_of(method))
            table.add_row(*map(escape, (title, method.summary, options)))
    else:
        facts_of_it = describe(shown[0])
        typer.echo(f"{facts_of_it['name']}: {facts_of_it['summary']}\n\n{facts_of_it['description']}\n")
        table = Table("Option", "Type", "Default", "Meaning")
        for option in options_of(shown[0]):
            table.add_row(*map(escape, (option.name, option.kind_name, option.default_name, option.text)))
    Console().print(table)


def info(json: Json = False) -> None:
    """Show versions, kernels and machine: what a bug report needs."""
    from pyvarcolor.cli.installation import describe_installation

    with speaking():
        facts = describe_installation()
        if json:
            typer.echo(to_json(facts))
            return
        backends, packages = facts.pop("kernels"), facts.pop("packages")
        for name, backend in backends.items():
            facts[f"{name} kernels"] = ", ".join(f"{key}: {value}" for key, value in backend.items())
        for heading, text in (facts | packages).items():
            typer.echo(f"{heading:<14} {text}")


def _check_new(path: Path, overwrite: bool) -> None:
    """Refuse a file that cannot be written, before time is spent on what goes into it."""
    if path.exists() and not overwrite:
        raise ValueError(f"cannot write {path}: the file exists; choose another name, or allow it with --overwrite")
    if not path.parent.is_dir():
        raise ValueError(f"cannot write {path}: there is no folder {path.parent}; create it first")


def _name_beside(photo: Path) -> Path:
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


def _draw(strokes: Iterable["VectorStroke"], picture: "Pixels") -> "Pixels":
    """Draw strokes over a copy of the picture."""
    from pyvarcolor.strokes.raster import Raster

    raster = Raster((picture.shape[0], picture.shape[1]))
    raster.show(strokes)
    return np.where(raster.top[..., None] > 0, raster.colors()[raster.top, :3], picture)
