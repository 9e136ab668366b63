"""`opsroom key`: the key that signs access tokens and, without one of its own, the checkpoints of the trail."""

import typer

from opsroom.core.auth.tokens import key_id
from opsroom.keyfiles import forget, new_key, rotate
from opsroom.settings import Settings, data_folder, load_settings, secret_keys

group = typer.Typer(no_args_is_help=True, help="The key that signs tokens: rotate it, forget former ones.")


@group.command("list")
def list_keys() -> None:
    """Print the ids of the keys, the one that signs first. An id is the `kid` of the tokens; it is no secret."""
    present, *former = secret_keys(load_settings())
    print(f"{key_id(present)}  signs")
    for key in former:
        print(f"{key_id(key)}  trusted yet")


@group.command("new")
def print_new() -> None:
    """Print a fresh key, for OPSROOM_SECRET_KEY."""
    print(new_key())


@group.command("rotate")
def rotate_key() -> None:
    """Let a new key sign; the former one stays trusted until `opsroom key forget`. Start the servers anew after it.

    Example: opsroom key rotate
    """
    settings = _with_files()
    rotate(data_folder(settings))
    print(f"{key_id(secret_keys(settings)[0])} signs once the servers and workers have started anew")
    minutes = max(settings.access_token_minutes, 30)
    print(f"after {minutes} minutes, when the trail was sealed and former tokens have run out: opsroom key forget")


@group.command("forget")
def forget_former() -> None:
    """Trust former keys no longer: access tokens that they signed end when the servers have started anew."""
    settings = _with_files()
    print(f"{forget(data_folder(settings))} former keys forgotten")


def _with_files() -> Settings:
    settings = load_settings()
    if settings.secret_key is None:
        return settings
    typer.echo(
        "opsroom: the key is OPSROOM_SECRET_KEY. Put a new one there (`opsroom key new` prints one) and the present "
        "one into OPSROOM_FORMER_SECRET_KEYS; take it out again when its tokens have run out.",
        err=True,
    )
    raise typer.Exit(2)
