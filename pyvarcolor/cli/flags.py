"""Flags that several commands share."""

from typing import Annotated, Literal

import typer

STROKES, HINTS, OUTPUT, RUN, WINDOW = "Strokes", "Hints", "Output", "Method and run", "Window"
"""Headings of the help."""

Method = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="How colour is spread: see `pyvarcolor methods`; auto is the best measured.",
        rich_help_panel=RUN,
    ),
]
Prior = Annotated[
    str,
    typer.Option(
        metavar="NAME[:...]",
        help="What is expected where strokes say nothing: the answer of a method, such as network or "
        "network:boost=1.2, or none; auto is what the method usually has.",
        rich_help_panel=RUN,
    ),
]
Backend = Annotated[
    Literal["auto", "cpp", "numba"],
    typer.Option(help="Kernels to run on; auto is C++ where it was built.", rich_help_panel=RUN),
]
Threads = Annotated[
    int | None,
    typer.Option(min=1, help="Threads to use; if left out, and at most, one a processor.", rich_help_panel=RUN),
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Only warnings and errors on screen.", rich_help_panel=OUTPUT)
]
MaxPixels = Annotated[int, typer.Option(min=1, help="Refuse pictures with more pixels than this.", rich_help_panel=RUN)]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of words.", rich_help_panel=OUTPUT)]
Space = Annotated[
    Literal["lab", "oklab", "ycbcr"],
    typer.Option(help="Space in which colour is spread; each keeps lightness.", rich_help_panel=RUN),
]
