"""Q3: a certificate of nine pages with four charts as PDF, and a table of 14,105 rows in every format.

The certificate is made up: measurements of a lot, findings, signatures, a code. Two runs must give the same bytes.
The first PDF of a process also reads fonts and compiles the template; it is told apart from the median of the rest.

    python benchmarks/report_formats.py [--rounds 15]
"""

import argparse
import hashlib
import random
import re
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from opsroom.core.charts import ControlChart, ControlPoint, Histogram, Limit, LineChart, ParetoChart, Series
from opsroom.core.reports.declaration import Asked, ReportTable
from opsroom.core.reports.document import (
    Code,
    Column,
    Document,
    Fact,
    Picture,
    Section,
    Signature,
    Signatures,
    Table,
)
from opsroom.core.reports.models import ReportFormat
from opsroom.core.reports.renderers import RENDERERS

AS_OF = datetime(2026, 3, 2, tzinfo=UTC)
ASKED = Asked("quality.lot_certificate", "Certificate of a lot", {"lot": "L-7"})
PAGES = 9
ROWS = 375  # measurements; so many fill nine pages
STORES = 14_105


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=15)
    rounds = arguments.parse_args().rounds
    certificate = made_up_certificate()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report"
        first, digest = timed(certificate, ReportFormat.PDF, path)
        pages = len(re.findall(rb"/Type ?/Page\b", path.read_bytes()))
        processor = time.process_time()
        again = [timed(certificate, ReportFormat.PDF, path) for _ in range(rounds)]
        processor = (time.process_time() - processor) / rounds
        if {each for _, each in again} != {digest}:
            raise SystemExit("the bytes differ from run to run")
        median = statistics.median(seconds for seconds, _ in again)
        if pages != PAGES:
            raise SystemExit(f"the certificate has {pages} pages, not {PAGES}")
        print(
            f"certificate, {pages} pages, 4 charts, PDF: first {first:.3f} s, median {median:.3f} s, "
            f"of the processor {processor:.3f} s"
        )
        stores = made_up_stores()
        for form in ReportFormat:
            median = statistics.median(timed(stores, form, path)[0] for _ in range(3))
            print(f"{STORES:,} rows, {form.value}: {median:.3f} s, {path.stat().st_size:,} bytes")


def timed(table: ReportTable, form: ReportFormat, path: Path) -> tuple[float, str]:
    begun = time.perf_counter()
    RENDERERS[form].write(table, ASKED, path)
    return time.perf_counter() - begun, hashlib.sha256(path.read_bytes()).hexdigest()


def made_up_certificate() -> ReportTable:
    chance = random.Random(2026)  # noqa: S311  made-up figures
    values = [chance.gauss(10, 0.4) for _ in range(ROWS)]
    frame = pl.DataFrame(
        {
            "part": [f"P-{number:04}" for number in range(ROWS)],
            "bore_mm": values,
            "weight_g": [chance.gauss(512, 3) for _ in range(ROWS)],
            "verdict": ["fail" if abs(value - 10) > 1 else "pass" for value in values],
        }
    )
    columns = (
        Column("part"),
        Column("bore_mm", "Bore", "mm", 3),
        Column("weight_g", "Weight", "g", 1),
        Column("verdict", "Verdict", states=(("pass", "up"), ("fail", "down"))),
    )
    points = [ControlPoint(str(at), value, 10, 8.8, 11.2) for at, value in enumerate(values[:60])]
    counts = [sum(low <= value < low + 0.25 for value in values) for low in (8.5 + step / 4 for step in range(12))]
    charts = (
        ControlChart("Individuals of the bore", points, "mm"),
        Histogram("Bore", [8.5 + step / 4 for step in range(13)], counts, "mm", [Limit(9, "LSL"), Limit(11, "USL")]),
        ParetoChart("Findings", [("scratch", 41), ("dent", 22), ("burr", 60), ("stain", 5)], "count"),
        LineChart("Weight", [Series("weight", list(enumerate(frame["weight_g"].to_list()[:80])))], "g"),
    )
    document = Document(
        "Certificate of lot L-7",
        f"{ROWS} parts measured; the lot is released.",
        [Fact("measured", str(ROWS)), Fact("failed", "4", kind="down"), Fact("Cpk", "0.83")],
        [
            Section("Charts", [Picture(chart) for chart in charts]),
            Section("Measurements", [Table(frame, columns, paper_rows=ROWS)], new_page=True),
            Section(
                "Signed", [Signatures([Signature("A. Inspector", "review", AS_OF), Signature("B. Lead", "release")])]
            ),
        ],
        Code("https://opsroom.example/audit/proofs/0197aaaa-0000-7000-8000-000000000000", "Proof of this certificate"),
    )
    return ReportTable(frame, AS_OF, "f" * 64, "1", columns=columns, document=lambda: document)


def made_up_stores() -> ReportTable:
    chance = random.Random(7)  # noqa: S311  made-up figures
    columns = {f"hours_{number}": [chance.random() * 168 for _ in range(STORES)] for number in range(6)}
    frame = pl.DataFrame({"store_id": [f"{number:08}" for number in range(STORES)], **columns})
    table = Table(frame, worst="hours_0")
    return ReportTable(
        frame, AS_OF, "e" * 64, "1", document=lambda: Document("Stores", sections=[Section("Stores", [table])])
    )


if __name__ == "__main__":
    main()
