"""JSON: what was asked, what it depends on, and the rows as objects."""

import json
from pathlib import Path

from opsroom.core.reports.declaration import Asked, ReportTable


def write_json(table: ReportTable, asked: Asked, path: Path) -> None:
    head = {
        "parameters": dict(asked.parameters),
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
