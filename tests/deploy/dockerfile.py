"""What a Dockerfile says, as far as ours goes."""

import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Stage:
    """instructions: name and the rest of the line, in order"""

    base: str
    name: str | None
    instructions: list[tuple[str, str]] = field(default_factory=list)

    def all(self, instruction: str) -> list[str]:
        return [rest for name, rest in self.instructions if name == instruction]

    @property
    def environment(self) -> dict[str, str]:
        pairs = (pair.partition("=") for rest in self.all("ENV") for pair in shlex.split(rest))
        return {name: value for name, _, value in pairs}

    @property
    def command(self) -> list[str]:
        words: list[str] = json.loads(self.all("CMD")[-1])
        return words

    @property
    def healthcheck(self) -> list[str]:
        words: list[str] = json.loads(self.all("HEALTHCHECK")[-1].partition("CMD")[2])
        return words


def stages_of(path: Path) -> list[Stage]:
    lines = [line for line in path.read_text().splitlines() if line.strip() and not line.startswith("#")]
    stages: list[Stage] = []
    for line in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        name, _, rest = line.partition(" ")
        if name == "FROM":
            base, _, stage = rest.partition(" AS ")
            stages.append(Stage(base, stage or None))
        else:
            stages[-1].instructions.append((name, rest.strip()))
    return stages
