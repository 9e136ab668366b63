"""JSON: what was asked, what it depends on, and the rows as objects."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from opsroom.core.reports.declaration import ReportTable


def write_json(table: ReportTable, parameters: Mapping[str, Any], path: Path) -> None:
    head = {
        "parameters": dict(parameters),
        "as_of": table.as_of.isoformat() if table.as_of else None,
        "input_fingerprint": table.fingerprint,
        "engine_version": table.engine_version,
        "summary": table.summary,
        "columns": table.frame.columns,
    }
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(json.dumps(head, sort_keys=True, indent=2).removesuffix("\n}"))
        file.write(',\n  "rows": ')
        file.write(table.frame.write_json())
        file.write("\n}\n")
