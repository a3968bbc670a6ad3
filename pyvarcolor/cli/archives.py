"""The commands for archives: many photographs, and the proof of what was done to them."""

import time
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pyvarcolor import kernels
from pyvarcolor.cli.flags import OUTPUT, STROKES, Backend, Json, MaxPixels, Quiet
from pyvarcolor.cli.terminal import FAILED, INTERRUPTED, UsageError, speaking
from pyvarcolor.provenance import to_json
from pyvarcolor.recipe import Recipe

if TYPE_CHECKING:
    from pyvarcolor.batch import Job, Record, Tally

_WORKERS = "Workers"


def batch(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUTS...",
            help="Photographs, folders, patterns such as 'scans/**/*.tif', and lists: .csv with the columns photo and "
            "maybe strokes and output, or .jsonl with these keys.",
        ),
    ],
    out_dir: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Where the results go, in folders as the photographs'.")
    ],
    strokes_dir: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Where the strokes of NAME are: NAME.json or NAME.png, or NAME_strokes.",
            rich_help_panel=STROKES,
        ),
    ] = None,
    format: Annotated[
        Literal["png", "tif", "jpg", "webp"] | None,
        typer.Option(help="Of the results; if left out, as the photographs.", rich_help_panel=OUTPUT),
    ] = None,
    manifest: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Where it is written down what was done to each photograph; if left out, manifest.jsonl in the "
            "folder of the results.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A page (HTML) to look at in the end.", rich_help_panel=OUTPUT),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option("--resume/--no-resume", help="Leave out what the manifest proves done.", rich_help_panel=OUTPUT),
    ] = True,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Replace files that are no results of before.", rich_help_panel=OUTPUT),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be written, and end.", rich_help_panel=OUTPUT)
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Photographs to colour at the same time; if left out, one a processor.",
            rich_help_panel=_WORKERS,
        ),
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="Threads for each of them.", rich_help_panel=_WORKERS)] = 1,
    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Work on a cluster instead: the address of dask's scheduler, or local:N for N workers here.",
            rich_help_panel=_WORKERS,
        ),
    ] = None,
    *,
    recipe: Recipe,
    backend: Backend = "auto",
    max_pixels: MaxPixels = 250_000_000,
) -> None:
    """Colour an archive: thousands of photographs, nothing lost.

    The same command again goes on where it was stopped or killed, tries again
    what failed, and leaves out what is done. Photographs are never changed.
    """
    kept = "what was finished is kept; the same command goes on from here"
    with speaking(quiet=quiet, kept=kept) as terminal:
        from loky import cpu_count

        from pyvarcolor.batch import Settings, colorize_all, find_jobs, latest_records, write_report

        settings = Settings(recipe=recipe, backend=backend, threads=threads, max_pixels=max_pixels, overwrite=overwrite)
        if cluster is not None and jobs is not None:
            raise UsageError("--jobs and --cluster exclude each other: a cluster has the workers that it has")
        kernels.load(backend, threads)
        written = manifest or out_dir / "manifest.jsonl"
        before = latest_records(written) if written.exists() else {}
        taken = {output: record.input for output, record in before.items()}
        suffix = None if format is None else f".{format}"
        found = find_jobs(inputs, out_dir, strokes_dir=strokes_dir, suffix=suffix, taken=taken)
        if dry_run:
            for job in found:
                typer.echo(f"{job.photo} -> {out_dir / job.output}{f' with {job.strokes}' * (job.strokes is not None)}")
            return
        began = time.monotonic()
        failures: list[dict[str, str]] = []
        with terminal.counting("colouring", len(found)) as show:

            def tell(tally: "Tally", job: "Job", record: "Record | None") -> None:
                if record is not None and record.outcome != "done":
                    failures.append({"photo": str(job.photo), "outcome": record.outcome, "error": record.error})
                    terminal.say(f"pyvarcolor: {record.outcome}: {record.error}")
                rate = (tally.settled - tally.kept) / (time.monotonic() - began)
                show(f"{tally.failed + tally.quarantined} failed, {rate:.1f} a second, {job.photo.name}")

            tally = colorize_all(
                found,
                out_dir,
                written,
                settings,
                workers=jobs or cpu_count(),
                cluster=cluster,
                resume=resume,
                callback=tell,
            )
        spent = round(time.monotonic() - began, 1)
        if report is not None:
            write_report(latest_records(written).values(), out_dir, report)
        if json:
            facts = asdict(tally) | {"seconds": spent, "manifest": str(written), "failures": failures}
            typer.echo(to_json(facts))
        else:
            typer.echo(f"{tally}, in {timedelta(seconds=round(spent))}; all told in {written}")
        if tally.stopped:
            terminal.say(f"pyvarcolor: {tally.stopped}")
        if tally.interrupted:
            raise typer.Exit(INTERRUPTED)
        if tally.stopped or failures:
            raise typer.Exit(FAILED)


def verify(
    manifest: Annotated[Path, typer.Argument(metavar="MANIFEST", help="As written by `pyvarcolor batch`.")],
    out_dir: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where the results are; if left out, beside the manifest."),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Hash photographs, strokes and results again, and compare with the manifest.

    Names each file that is missing or has changed; the exit code is 1 then.
    """
    with speaking(quiet=quiet) as terminal:
        from pyvarcolor import batch

        done = [record for record in batch.latest_records(manifest).values() if record.outcome == "done"]
        problems = []
        with terminal.counting("hashing", len(done)) as show:
            for record, found in batch.verify(done, out_dir or manifest.parent):
                problems += found
                show(record.output)
        if json:
            typer.echo(to_json({"photographs": len(done), "problems": list(map(asdict, problems))}))
        else:
            for problem in problems:
                typer.echo(f"{problem.path} {problem.what}")
            typer.echo(f"{len(done)} photographs and their results, {len(problems) or 'no'} problems")
        if problems:
            raise typer.Exit(FAILED)
