"""The keys of the embedded default: files in the data folder, readable by their owner only.

secret.key          the key that signs
secret.key.former   keys that signed before it and are trusted yet, the latest first, one on a line
"""

import os
import secrets
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from opsroom.core.errors import WrongSetting

KEY_LENGTH = 32
PRESENT = "secret.key"
FORMER = "secret.key.former"


def present_key(folder: Path) -> str:
    """Generated once, by the first process that asks.

    Raises:
        WrongSetting: the kept key is too short to be one.
    """
    path = folder / PRESENT
    if not path.exists():
        _place(path, [new_key()], _unless_there_is_one)
    key = path.read_text().strip()
    if len(key) < KEY_LENGTH:
        raise WrongSetting(f"OPSROOM_SECRET_KEY: {path} holds no key; remove it to have a new one, or set the key")
    return key


def former_keys(folder: Path) -> tuple[str, ...]:
    path = folder / FORMER
    return tuple(path.read_text().split()) if path.exists() else ()


def rotate(folder: Path) -> None:
    """A new key signs from now on. The former file first: whatever happens between, no key is lost."""
    _place(folder / FORMER, [present_key(folder), *former_keys(folder)], os.replace)
    _place(folder / PRESENT, [new_key()], os.replace)


def forget(folder: Path) -> int:
    """Trust no former key any more; gives their number."""
    known = len(former_keys(folder))
    (folder / FORMER).unlink(missing_ok=True)
    return known


def new_key() -> str:
    return secrets.token_urlsafe(48)


def _place(path: Path, lines: Sequence[str], place: Callable[[str, Path], None]) -> None:
    """Nobody ever sees half of a file."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".secret-")  # readable by its owner only
    with os.fdopen(handle, "w") as file:
        file.write("\n".join(lines))
        file.flush()
        os.fsync(handle)
    try:
        place(name, path)
    finally:
        Path(name).unlink(missing_ok=True)


def _unless_there_is_one(name: str, path: Path) -> None:
    """Of several processes that start at once one names its key."""
    with suppress(FileExistsError):
        os.link(name, path)
