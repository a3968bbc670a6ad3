"""`pyvarcolor paint`, and what `colormaskerapp` has in common with it: flags of the window, files, what is said."""

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pyvarcolor import kernels
from pyvarcolor.cli.colorize import name_beside
from pyvarcolor.cli.flags import OUTPUT, RUN, STROKES, WINDOW, MaxPixels, Quiet, Threads
from pyvarcolor.cli.terminal import Terminal, UsageError, speaking
from pyvarcolor.recipe import Recipe

if TYPE_CHECKING:
    from pyvarcolor.io.photo import Photo
    from pyvarcolor.strokes.vector import VectorStroke


DrawButton = Annotated[
    Literal["left", "right"],
    typer.Option(help="Mouse button that paints; the other one moves the photograph.", rich_help_panel=WINDOW),
]
Toolkit = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Toolkit of the window, by its name in matplotlib: tkagg, qtagg, ...; if left out, the first that works.",
        rich_help_panel=WINDOW,
    ),
]
Web = Annotated[bool, typer.Option("--web", help="Paint in a browser, on 127.0.0.1.", rich_help_panel=WINDOW)]
Port = Annotated[
    int, typer.Option(min=1024, max=65535, help="Port for --web, or the next one that is free.", rich_help_panel=WINDOW)
]
Browser = Annotated[
    bool,
    typer.Option("--browser/--no-browser", help="Open the page of --web in the browser.", rich_help_panel=WINDOW),
]


@dataclass(frozen=True)
class Settings:
    """How the window is to be, and how colour is spread in it: see the flags of the same names."""

    draw_button: Literal["left", "right"]
    toolkit: str | None
    web: bool
    port: int
    browser: bool
    live: bool
    recipe: Recipe = field(default_factory=Recipe.of)
    backend: str = "auto"
    threads: int | None = None


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
    *,
    recipe: Recipe,
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
        from pyvarcolor.io import read_photo

        kernels.load(kernels_, threads)
        source = read_photo(photo, max_pixels=max_pixels)
        target = out or name_beside(photo)
        settings = Settings(draw_button, backend, web, port, browser, live, recipe, kernels_, threads)
        beside = target.with_name(f"{photo.stem}_strokes.json")
        for path in open_window(source, strokes or beside, target, "auto", beside, settings, terminal):
            typer.echo(path)


def open_window(
    photo: "Photo",
    strokes: Path,
    color: Path | None,
    format: str,
    beside: Path,
    settings: Settings,
    terminal: Terminal,
) -> list[Path]:
    """Open the stroke tool, and wait until it is closed.

    Parameters
    ----------
    photo : Photo
        The photograph.
    strokes : Path
        File of strokes: gone on with if it is there, and saved to.
    color : Path or None
        Where the colour photograph is saved, if it is.
    format : str
        How strokes are saved; "auto" is as they were.
    beside : Path
        Where strokes are saved that came in a format which is not written.
    settings : Settings
        The window and the recipe.
    terminal : Terminal
        For what is good to know.

    Returns
    -------
    list of Path
        Files that were saved.

    Raises
    ------
    UsageError
        If no window can be opened.
    ValueError, OSError
        If strokes cannot be read, or nothing could be saved there.
    """
    from pyvarcolor.interactive import Files, StrokeTool
    from pyvarcolor.interactive.window import NoWindowError, run
    from pyvarcolor.strokes.parsing import read_strokes
    from pyvarcolor.strokes.pictures import SUFFIXES
    from pyvarcolor.strokes.raster import NoStrokesError

    if photo.source == "standard input":
        raise UsageError("the photograph must be a file to be painted on, but is standard input")
    painted: tuple[VectorStroke, ...] = ()
    opened = set()
    if strokes.exists():
        found = None
        with suppress(NoStrokesError):  # an empty mask is gone on with, too
            found = read_strokes(strokes, photo.pixels)
            painted = found.traced()
        terminal.note(f"{strokes}: {found or 'no strokes yet'}")
        if (found and found.format == "copy") or strokes.suffix.lower() not in SUFFIXES:
            terminal.note(f"{strokes} stays as it is; strokes are saved to {beside}")
            strokes = beside
        else:
            opened = {strokes}
            format = found.format if found and format == "auto" else format
    recipe, backend, threads = settings.recipe, settings.backend, settings.threads
    files = Files(photo, strokes, format, color, recipe, backend, threads, opened)
    try:
        tool = run(
            lambda: StrokeTool(
                photo,
                painted,
                files=files,
                live=settings.live,
                draw_button=settings.draw_button,
                method=recipe,
                backend=backend,
                threads=threads,
            ),
            title=f"{Path(photo.source).name} - pyvarcolor",
            toolkit=settings.toolkit,
            web=settings.web,
            port=settings.port,
            browser=settings.browser,
        )
    except NoWindowError as error:
        raise UsageError(str(error)) from error
    if tool.unsaved:
        count = len(tool.strokes)
        terminal.note(f"{count} stroke{'s' * (count != 1)} not saved, but kept: open {photo.source} again to go on")
    return sorted(path for path in files.written)
