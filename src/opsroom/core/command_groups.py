"""Groups of commands, some of which are imported when they are used: those that need the database start slower."""

from collections.abc import Mapping
from typing import Any

import typer
from typer.core import TyperGroup

from opsroom.core.app import resolve


def group_with(later: Mapping[str, str]) -> type[TyperGroup]:
    """`later`: name of a command → the Typer that has it alone, dotted."""

    class Group(TyperGroup):
        def list_commands(self, ctx: Any) -> list[str]:
            return [*super().list_commands(ctx), *later]

        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            if cmd_name not in later:
                return super().get_command(ctx, cmd_name)
            command = typer.main.get_command(resolve(later[cmd_name]))
            command.name = cmd_name
            return command

    return Group
