"""Asks whether an advisory is known against a version that the lock file names, and says plainly when nobody answers.

    python .ci/audit_dependencies.py LOCK…      exit 1: an advisory; 3: not done, with AUDIT=required; else 0

pip-audit calls it a success when the advisory database knows none of the packages, as a mirror of the package index
does. What was not looked up is not known to be sound, so that is counted and said here.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

SERVICES = ("pypi", "osv")
SECONDS = 300
NOT_DONE = 3


def main(locks: list[str]) -> int:
    worst = 0
    for lock in locks:
        document = next((found for service in SERVICES if (found := ask(lock, service))), None)
        code, said = verdict(lock, document)
        print("\n".join(said), flush=True)
        worst = max(worst, code)
    if worst == NOT_DONE and os.environ.get("AUDIT") != "required":
        return 0
    return worst


def ask(lock: str, service: str) -> dict[str, Any] | None:
    """What pip-audit found; None if it was told nothing of any package."""
    program = Path(sys.executable).with_name("pip-audit")
    options = ["--disable-pip", "--no-deps", "--format", "json", "--progress-spinner", "off"]
    command = [str(program), *options, "--vulnerability-service", service, "--requirement", lock]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        document: dict[str, Any] = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return document if any("vulns" in each for each in document["dependencies"]) else None


def verdict(lock: str, document: dict[str, Any] | None) -> tuple[int, list[str]]:
    """The exit code, and what to say."""
    if document is None:
        said = [
            f"DEPENDENCY AUDIT NOT DONE for {lock}: no advisory database answers from here.",
            "Nothing is known of the versions it names. Run `make audit AUDIT=required` where there is a network.",
        ]
        return NOT_DONE, said
    known = [each for each in document["dependencies"] if "vulns" in each]
    unknown = [each["name"] for each in document["dependencies"] if "vulns" not in each]
    bad = [(each["name"], each["version"], flaw) for each in known for flaw in each["vulns"]]
    said = [f"{lock}: {len(known)} packages audited, {len(bad)} advisories."]
    said += [f"  {name} {version}: {flaw['id']}, mended in {_mended(flaw)}" for name, version, flaw in bad]
    if unknown:
        said.append(f"DEPENDENCY AUDIT NOT DONE for {len(unknown)} packages in {lock}: {', '.join(unknown)}.")
    return (1 if bad else NOT_DONE if unknown else 0), said


def _mended(flaw: dict[str, Any]) -> str:
    return ", ".join(flaw.get("fix_versions", ())) or "no version yet"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
