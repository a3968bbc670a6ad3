"""`pyvarcolor methods` and `pyvarcolor info`: what there is."""

from typing import Annotated

import typer

from pyvarcolor import methods
from pyvarcolor.cli.flags import Json
from pyvarcolor.cli.recipe_flags import describe, options_of
from pyvarcolor.cli.terminal import blaming_usage, speaking
from pyvarcolor.provenance import to_json


def list_methods(
    name: Annotated[str | None, typer.Argument(help="Tell all about this method.")] = None,
    json: Json = False,
) -> None:
    """List the methods of spreading colour, and their options.

    An option is given to colorize, paint and batch as --set max_iter=50.
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
        for method in shown:
            title = f"{method.name} (auto)" if method is methods.get("auto") else method.name
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
