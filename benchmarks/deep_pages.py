"""R4: page 20,000 of a million rows, by cursor, beside page 1.

    python benchmarks/deep_pages.py [--rows 1000000] [--rounds 300] [--engine postgresql|sqlite] [--postgres URL]

`opsroom serve` on a scratch database whose table of stores was filled by SQL. Page 1 and the page at the end are asked
for in turn over one kept connection, 50 records each, uncounted; medians of the client's wall time. The cursor of the
last page is reached by following cursors, in larger pages. Beside them the same page by number, which has to pass over
everything before it. In the order of the list itself (newest first), by the natural key, and by the natural key among
a tenth of the rows.
"""

import argparse
import http.client
import json
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from audit_cost import server_at
from harness.ours import Ours, many_stores, prepare, scratch, serving

SIZE, STRIDE = 50, 1000
TARGET = 1.2
PATH = "/api/v1/stores"
ASKED = {
    "newest first": "",
    "by the natural key": "&order=external_id",
    "the same, filtered to a tenth": "&order=external_id&group=g3",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--engine", choices=["postgresql", "sqlite"])
    parser.add_argument("--postgres", help="URL of a server on which a scratch database may be made")
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder, ExitStack() as stack:
        wanted = [asked.engine] if asked.engine else ["postgresql", "sqlite"]
        server = stack.enter_context(server_at(asked.postgres, Path(folder) / "pg")) if "postgresql" in wanted else ""
        for engine in wanted:
            with scratch(engine, server, Path(folder), "deep") as url:
                settings = prepare(url, Path(folder) / f"data-{engine}")
                many_stores(url, asked.rows)
                with serving(settings) as ours:
                    for name, query in ASKED.items():
                        measure(f"{engine}, {name}", Reader(ours), query, asked.rounds)


class Reader:
    def __init__(self, ours: Ours) -> None:
        self.ours = ours
        self.connection = http.client.HTTPConnection("127.0.0.1", ours.port, timeout=600)

    def page(self, query: str) -> tuple[list[str], str | None, float]:
        """Names, the next cursor, and seconds."""
        begun = time.perf_counter()
        self.connection.request("GET", f"{PATH}?total=false{query}", headers=self.ours.headers)
        answer = self.connection.getresponse()
        body = answer.read()
        seconds = time.perf_counter() - begun
        if answer.status != http.HTTPStatus.OK:
            raise SystemExit(body.decode())
        page = json.loads(body)
        return [item["external_id"] for item in page["items"]], page["next_cursor"], seconds


def measure(name: str, reader: Reader, query: str, rounds: int) -> None:
    reader.ours.sign_in()
    cursor, number, expected = last_page(reader, query)
    shallow, deep = f"{query}&size={SIZE}", f"{query}&size={SIZE}&cursor={cursor}"
    by_number = f"{query}&size={SIZE}&page={number}"
    if not reader.page(deep)[0] == reader.page(by_number)[0] == expected:
        raise SystemExit("the page by cursor, the page by number and the walk differ")
    took: tuple[list[float], list[float]] = ([], [])
    for turn in range(rounds + 20):
        for which in (0, 1) if turn % 2 else (1, 0):
            seconds = reader.page((shallow, deep)[which])[2]
            if turn >= 20:  # the first fill caches
                took[which].append(seconds)
    far = statistics.median(reader.page(by_number)[2] for _ in range(3))
    one, last = (statistics.median(each) * 1000 for each in took)
    print(
        f"{name:45} page 1: {one:5.2f} ms   page {number} by cursor: {last:5.2f} ms   {last / one:.2f} x "
        f"(target {TARGET})   by number: {far * 1000:.0f} ms",
        flush=True,
    )


def last_page(reader: Reader, query: str) -> tuple[str, int, list[str]]:
    """The cursor before the last whole page, the number of that page, and what is on it, by following cursors."""
    names, cursor, _ = reader.page(f"{query}&size={STRIDE}")
    met, before = len(names), ""
    while cursor:
        before = cursor
        names, cursor, _ = reader.page(f"{query}&size={STRIDE}&cursor={before}")
        met += len(names)
    place = before
    for _ in range(len(names) // SIZE - 1):
        _, following, _ = reader.page(f"{query}&size={SIZE}&cursor={place}")
        place = following or place
    return place, met // SIZE, names[-SIZE:]


if __name__ == "__main__":
    main()
