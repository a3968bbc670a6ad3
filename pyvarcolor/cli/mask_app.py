"""`colormaskerapp`: draw a mask of colour strokes for a photograph."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from pyvarcolor.cli.paint import Browser, DrawButton, Port, Settings, Toolkit, Web, open_window
from pyvarcolor.cli.terminal import UsageError, flush_results, speaking


def main() -> None:
    """Run the command that the process was started with."""
    app = typer.Typer(
        add_completion=False,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.command("colormaskerapp", epilog="Example: colormaskerapp --input gray.png --output mask.png")(draw_mask)
    try:
        app(prog_name="colormaskerapp")
    finally:
        flush_results()


def draw_mask(
    photo: Annotated[Path, typer.Option("--input", metavar="FILE", help="The photograph.")],
    out: Annotated[
        Path | None,
        typer.Option(
            "--output",
            metavar="FILE",
            help="Where the mask is saved: .png, .tif, .webp (a picture of the photograph's size), or .json. One that "
            "is there already is gone on with.",
        ),
    ] = None,
    misspelt_out: Annotated[Path | None, typer.Option("--ouput", hidden=True)] = None,
    format: Annotated[
        Literal["auto", "black", "layer", "vector"],
        typer.Option(
            help="How strokes are marked: on black (RGB), on a transparent layer, or vector strokes (JSON). auto: by "
            "the name, on black for a picture.",
        ),
    ] = "auto",
    live: Annotated[bool, typer.Option("--live/--no-live", help="Show the colour that the strokes give.")] = False,
    draw_button: DrawButton = "right",
    backend: Toolkit = None,
    web: Web = False,
    port: Port = 8988,
    browser: Browser = True,
    max_pixels: Annotated[int, typer.Option(min=1, help="Refuse pictures with more pixels than this.")] = 250_000_000,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only warnings and errors on screen.")] = False,
) -> None:
    """Draw a mask of colour strokes for a photograph, for `pyvarcolor colorize --strokes`.

    S saves it, H shows all keys. Strokes that were not saved are offered again next time.
    """
    with speaking(quiet=quiet) as terminal:
        from pyvarcolor.io import read_photo

        target = out or misspelt_out
        if target is None:
            raise UsageError("--output must name the file that the mask is saved to, such as mask.png")
        source = read_photo(photo, max_pixels=max_pixels)
        settings = Settings(draw_button, backend, web, port, browser, live)
        beside = target.with_name(f"{target.stem}_strokes.json")
        for path in open_window(source, target, None, format, beside, settings, terminal):
            typer.echo(path)


if __name__ == "__main__":
    main()
