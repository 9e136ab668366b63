"""A disk of a few megabytes, by which a full one is met: a tmpfs, which only root may mount."""

import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import in_memory_where_possible

MEGABYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class SmallDisk:
    folder: Path

    def leave(self, size: int) -> None:
        """Fill all but so many bytes."""
        self.empty()
        room = shutil.disk_usage(self.folder).free - size
        with self._ballast.open("wb") as ballast:
            os.posix_fallocate(ballast.fileno(), 0, room)

    def empty(self) -> None:
        self._ballast.unlink(missing_ok=True)

    @property
    def _ballast(self) -> Path:
        return self.folder / "ballast"


class NotPermitted(Exception):  # noqa: N818  says what is missing here
    """Nothing can be mounted here."""


@contextmanager
def small_disk(megabytes: int) -> Iterator[SmallDisk]:
    """Mounted where a server that runs as somebody else can reach it; raises NotPermitted."""
    folder = in_memory_where_possible() / f"opsroom-disk-{uuid.uuid4().hex[:8]}"
    folder.mkdir()
    try:
        _mount(folder, megabytes)
        try:
            yield SmallDisk(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)
    finally:
        folder.rmdir()


def _mount(folder: Path, megabytes: int) -> None:
    mount = shutil.which("mount")
    options = f"size={megabytes}m,mode=0755"
    if (
        mount is None
        or subprocess.run(
            [mount, "-t", "tmpfs", "-o", options, "opsroom-torture", folder], check=False, capture_output=True
        ).returncode
    ):
        raise NotPermitted("a small tmpfs cannot be mounted here: run as root, outside of an unprivileged container")
