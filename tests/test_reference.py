"""docs/reference.md names every setting, permission, job, report, error and rule there is."""

import re
from pathlib import Path

import httpx
import pytest

from opsroom.commands.reference import reference
from opsroom.settings import Settings

PAGE = Path(__file__).parents[1] / "docs" / "reference.md"


def test_the_page_is_what_the_program_says() -> None:
    assert PAGE.read_text() == reference(), "make it anew: .venv/bin/opsroom reference > docs/reference.md"


@pytest.mark.parametrize(
    ("section", "names"),
    [
        ("Settings", {f"OPSROOM_{name.upper()}" for name in Settings.model_fields}),
        ("Permissions", {"stores.stores.read", "audit.read"}),
        ("Jobs", {"stores.demo", "reports.run"}),
        ("Reports", {"stores.uptime"}),
        ("Errors", {"not_found", "changed_meanwhile", "duplicate", "malformed_json", "database_unavailable"}),
        ("Rules", {"status_begins"}),
    ],
)
def test_a_section_lists_its_names(section: str, names: set[str]) -> None:
    part = PAGE.read_text().partition(f"## {section}\n")[2].partition("\n## ")[0]
    assert names <= set(re.findall(r"^\| `([^`]+)`", part, re.MULTILINE))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_codes_that_callers_meet_are_listed(admin: httpx.AsyncClient, nobody: httpx.AsyncClient) -> None:
    page = PAGE.read_text()
    answers = [
        await nobody.get("/api/v1/users"),
        await admin.get("/api/v1/users/nobody-of-that-name"),
        await admin.get("/api/v1/users?colour=red"),
        await admin.post("/api/v1/stores", content=b"{", headers={"Content-Type": "application/json"}),
    ]
    for answer in answers:
        assert f"| `{answer.json()['code']}` | {answer.status_code} |" in page
