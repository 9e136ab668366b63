"""`opsroom reference`."""

import typer

from opsroom.reference import reference

command = typer.Typer()


@command.command("reference")
def print_reference() -> None:
    """Print settings, permissions, jobs, reports, errors and rules of what is installed, as Markdown.

    Example: opsroom reference > reference.md
    """
    typer.echo(reference(), nl=False)
