"""The command line: each command reads files, calls the pipeline and says what it did.

Results go to standard output, all else to standard error. What is slow to import waits until it is needed.
"""

import io
import sys
from typing import Annotated

import typer

import pyvarcolor
from pyvarcolor import kernels
from pyvarcolor.cli.about import info, list_methods
from pyvarcolor.cli.archives import batch, verify
from pyvarcolor.cli.colorize import colorize
from pyvarcolor.cli.demo import demo
from pyvarcolor.cli.evaluate import ManyMethods, evaluate
from pyvarcolor.cli.paint import paint
from pyvarcolor.cli.recipe_flags import with_recipe_flags
from pyvarcolor.cli.terminal import flush_results


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
        "pyvarcolor colorize photo.jpg --strokes strokes.png -o colour.png --method tgv --set alpha0=5"
    )(with_recipe_flags(colorize))
    app.command(
        epilog="Examples:\n\n"
        "pyvarcolor paint photo.tif\n\n"
        "pyvarcolor paint photo.tif --strokes strokes.png -o colour.tif --draw-button left"
    )(with_recipe_flags(paint))
    app.command(epilog="Example: pyvarcolor demo --out-dir pictures")(demo)
    app.command(
        cls=ManyMethods,
        epilog="Examples:\n\n"
        "pyvarcolor evaluate photographs --kinds p10,p50 --seeds 3 --methods graph tgv:alpha0=5\n\n"
        "pyvarcolor evaluate photographs --hints hints --kinds p50,strokes --plot quality.png",
    )(evaluate)
    app.command(
        epilog="Examples:\n\n"
        "pyvarcolor batch scans --out-dir colour\n\n"
        "pyvarcolor batch 'scans/**/*.tif' --out-dir colour --strokes-dir strokes --jobs 8 --report report.html\n\n"
        "pyvarcolor batch list.csv --out-dir colour --cluster tcp://10.0.0.1:8786"
    )(with_recipe_flags(batch))
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
