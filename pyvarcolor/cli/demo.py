"""`pyvarcolor demo`: the photograph that comes with the program."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

import pyvarcolor
from pyvarcolor.cli.flags import OUTPUT, Backend, Method, Quiet, Threads
from pyvarcolor.cli.terminal import blaming_usage, speaking
from pyvarcolor.provenance import note_on
from pyvarcolor.recipe import Recipe

if TYPE_CHECKING:
    from pyvarcolor.io.photo import Pixels
    from pyvarcolor.strokes.vector import VectorStroke


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
            recipe = Recipe.of(method)
        true_rgb, gray, strokes = load_demo()
        hints = rasterize(strokes, (gray.shape[0], gray.shape[1]))
        with terminal.progress(f"demo, {recipe.method.name}") as callback:
            result = pyvarcolor.colorize(
                gray, hints, method=recipe, backend=backend, callback=callback, threads=threads
            )
        gray_rgb = np.dstack([gray, gray, gray])
        drawn = _draw(strokes, gray_rgb)
        gap = np.full((len(gray), 8, 3), 255, np.uint8)
        beside = np.hstack([gray_rgb, gap, drawn, gap, result.rgb, gap, true_rgb])
        pictures = {"gray": gray_rgb, "strokes": drawn, "result": result.rgb, "side_by_side": beside}
        notes = dict.fromkeys(("result", "side_by_side"), note_on(result, **recipe.choices(), strokes="of the demo"))

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


def _draw(strokes: Iterable["VectorStroke"], picture: "Pixels") -> "Pixels":
    """Draw strokes over a copy of the picture."""
    from pyvarcolor.strokes.raster import Raster

    raster = Raster((picture.shape[0], picture.shape[1]))
    raster.show(strokes)
    return np.where(raster.top[..., None] > 0, raster.colors()[raster.top, :3], picture)
