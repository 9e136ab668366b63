"""docs/operations.md: what it tells people to type works, and what it names is there."""

import configparser
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from tests.migrating import environment_for

from opsroom.migrations import commands
from opsroom.settings import Settings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/operations.md").read_text()
BLOCK = re.compile(r"^```(?P<kind>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [(found["kind"], found["text"]) for found in BLOCK.finditer(PAGE)]
UNITS = sorted((ROOT / "deploy/systemd").iterdir())
SEED_PASSWORDS = {"OPSROOM_ADMIN_PASSWORD", "OPSROOM_USER_PASSWORD"}


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("database_url", "empty_url"), [("sqlite",) * 2, ("postgresql",) * 2], indirect=True)
def test_the_commands_of_the_page_work_in_their_order(database_url: str, empty_url: str, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    commands.migrate(database_url)
    for kind, text in BLOCKS:
        if kind == "sh":
            run(text, environment_for(database_url, OPSROOM_DATA_DIR=str(here)), tmp_path)
        elif kind == "sh restore":
            run(text, environment_for(empty_url, OPSROOM_DATA_DIR=str(there)), tmp_path)


def run(text: str, environment: dict[str, str], folder: Path) -> None:
    beside = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    bash = shutil.which("bash") or "/bin/bash"
    done = subprocess.run(
        [bash, "-euo", "pipefail", "-c", text],
        env=environment | {"PATH": beside},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"


def test_the_page_names_only_settings_that_there_are() -> None:
    known = {f"OPSROOM_{name.upper()}" for name in Settings.model_fields} | SEED_PASSWORDS
    assert set(re.findall(r"OPSROOM_[A-Z_]+", PAGE)) <= known


def test_every_alert_is_on_the_page_and_every_one_on_the_page_is_an_alert() -> None:
    rules = yaml.safe_load((ROOT / "deploy/alerts.yaml").read_text())["groups"][0]["rules"]
    assert re.findall(r"^\| `(Opsroom\w+)` \|", PAGE, re.MULTILINE) == [rule["alert"] for rule in rules]


def test_every_file_that_the_page_links_to_is_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert (ROOT / "docs" / target).exists(), target


@pytest.mark.parametrize("unit", UNITS, ids=[unit.name for unit in UNITS])
def test_a_unit_runs_one_of_our_programs_as_nobody_in_particular(unit: Path) -> None:
    parsed = configparser.ConfigParser(strict=False, interpolation=None)
    parsed.optionxform = str  # type: ignore[assignment,method-assign]  # the way the library has it done
    parsed.read(unit)
    service = parsed["Service"]
    assert service["ExecStart"].split() in (["/opt/opsroom/bin/opsroom", verb] for verb in ("serve", "worker"))
    assert service["User"] == "opsroom"
    assert service["Restart"] == "always"
