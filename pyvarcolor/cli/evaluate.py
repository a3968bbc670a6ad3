"""`pyvarcolor evaluate`: methods on photographs whose colours are known."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperCommand

import pyvarcolor
from pyvarcolor.cli.flags import HINTS, OUTPUT, RUN, Backend, Quiet, Threads
from pyvarcolor.cli.terminal import UsageError, blaming_usage, speaking
from pyvarcolor.provenance import to_json
from pyvarcolor.recipe import Recipe


class ManyMethods(TyperCommand):
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
                Recipe.parse(text)
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


def _check_new(path: Path, overwrite: bool) -> None:
    """Refuse a file that cannot be written, before time is spent on what goes into it."""
    if path.exists() and not overwrite:
        raise ValueError(f"cannot write {path}: the file exists; choose another name, or allow it with --overwrite")
    if not path.parent.is_dir():
        raise ValueError(f"cannot write {path}: there is no folder {path.parent}; create it first")
