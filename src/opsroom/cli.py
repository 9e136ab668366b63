"""`opsroom`: one program. Verbs are resolved on use, so that `--help` imports nothing heavy."""

from dataclasses import dataclass
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from opsroom import __version__
from opsroom.apps import installed_apps
from opsroom.core.app import resolve


@dataclass(frozen=True, slots=True)
class Verb:
    where: str
    summary: str


VERBS = {
    "serve": Verb("opsroom.commands.serve:command", "Serve the API and the console."),
    "worker": Verb("opsroom.commands.worker:command", "Run background jobs."),
    "demo": Verb("opsroom.commands.demo:command", "Set up with demonstration data, and serve."),
    "db": Verb("opsroom.commands.db:group", "Create, migrate and inspect the database."),
    "audit": Verb("opsroom.commands.audit:group", "Seal, verify, prove and export the audit trail."),
    "user": Verb("opsroom.commands.user:group", "People: create, reset, unlock, grant; sign-in links, API keys."),
    "key": Verb("opsroom.commands.key:group", "The key that signs tokens: rotate it, forget former ones."),
    "reference": Verb("opsroom.commands.reference:command", "Print every setting, permission, job and error."),
}


class Program(TyperGroup):
    """A group whose members are imported when they are used."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  Typer's signature
        return list(all_verbs())

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002  Typer's signature
        verb = all_verbs().get(cmd_name)
        if verb is None:
            return None
        command = typer.main.get_command(resolve(verb.where))
        command.name = cmd_name
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002  Typer's signature
        with formatter.section("Commands"):
            formatter.write_dl([(name, verb.summary) for name, verb in all_verbs().items()])


def all_verbs() -> dict[str, Verb]:
    groups = {app.name: Verb(app.commands, app.title) for app in installed_apps() if app.commands}
    return {**VERBS, **groups}


program = typer.Typer(
    cls=Program,
    rich_markup_mode=None,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    epilog="Examples: opsroom demo; opsroom db migrate; opsroom stores report --help",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"opsroom {__version__}")
        raise typer.Exit


@program.callback()
def main(
    version: Annotated[bool, typer.Option("--version", callback=_print_version, is_eager=True)] = False,
) -> None:
    """Operations backend: stores, dispatch and quality on one platform."""
