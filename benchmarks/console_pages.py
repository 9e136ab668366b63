"""G2: what the console's pages weigh, and how long the server takes for each.

    python benchmarks/console_pages.py [--rounds N] [--stores N]

Serves the demonstration data and further stores from an embedded database, signs in, and asks for each page over one
kept connection. Weight: the page, its stylesheet and its scripts, as transferred, compressed. Time: the client's wall
time of the page alone, which contains the server's; the median of the rounds.
"""

import argparse
import gzip
import http.client
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from urllib.parse import urlencode

PORT = 8766
PASSWORD = "a password for this benchmark"  # noqa: S105  of a server that lives for a minute
MOST_BYTES, MOST_SECONDS = 100_000, 0.040
AT_ONCE = 500  # stores in one request
SETTLED = re.compile(rb'"total":0\b')

PAGES = {
    "overview": "/console/",
    "list of 50, first page": "/console/r/stores",
    "list of 50, filtered and ordered": "/console/r/stores?q=extra&active=true&order=-external_id",
    "list of 50, deep": "",  # the last of some pages, found by following them
    "record with a nested list": "/console/r/stores/demo-001",
    "history": "/console/r/stores/demo-001/history",
    "form": "/console/r/stores/demo-001/edit",
    "audit": "/console/audit",
    "search in all lists": "/console/search?q=demo-00",
    "jobs": "/console/jobs",
    "reports": "/console/reports",
    "stores: overview of the fleet": "/console/stores",
    "stores: one week": "/console/stores/demo-001",
    "admin": "/console/admin",
    "health": "/console/health",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--stores", type=int, default=10_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        limits = dict.fromkeys(("RATE_LIMIT", "ADDRESS_RATE_LIMIT", "SIGN_IN_RATE_LIMIT"), "none")
        environment = {
            **os.environ,
            "OPSROOM_DATA_DIR": folder,
            "OPSROOM_PORT": str(PORT),
            "OPSROOM_LOG_LEVEL": "ERROR",
            "OPSROOM_ADMIN_PASSWORD": PASSWORD,
            **{f"OPSROOM_{name}": value for name, value in limits.items()},
        }
        demo = [sys.executable, "-m", "opsroom", "demo"]
        null = subprocess.DEVNULL
        with subprocess.Popen(demo, env=environment, stdout=null, stderr=null) as server:
            try:
                measure(Browser(), asked.rounds, asked.stores)
            finally:
                server.terminate()


def measure(browser: "Browser", rounds: int, stores: int) -> None:
    browser.sign_in()
    browser.fill(stores)
    PAGES["list of 50, deep"] = browser.deep("/console/r/stores?order=external_id", pages=20)
    assets: dict[str, int] = {}
    print(f"{'page':<34} {'KB in all':>9} {'KB of page':>10} {'p50 ms':>7} {'p95 ms':>7}")
    worst_bytes, worst_seconds = 0, 0.0
    for name, path in PAGES.items():
        body, size = browser.get(path)
        for asset in set(re.findall(r'(?:src|href)="(/static/[^"]+)"', body)):
            assets.setdefault(asset, browser.get(asset)[1])
        whole = size + sum(weight for asset, weight in assets.items() if asset in body)
        times = sorted(browser.seconds(path) for _ in range(rounds))
        p50, p95 = statistics.median(times), times[int(len(times) * 0.95)]
        worst_bytes, worst_seconds = max(worst_bytes, whole), max(worst_seconds, p50)
        print(f"{name:<34} {whole / 1000:9.1f} {size / 1000:10.1f} {p50 * 1000:7.1f} {p95 * 1000:7.1f}")
    print(f"\nheaviest {worst_bytes / 1000:.1f} KB (target {MOST_BYTES // 1000}), ", end="")
    print(f"slowest p50 {worst_seconds * 1000:.1f} ms (target {MOST_SECONDS * 1000:.0f})")


class Browser:
    """One kept connection with the session's cookie, which takes compressed answers."""

    def __init__(self) -> None:
        self.headers = {"Accept-Encoding": "gzip", "Host": f"127.0.0.1:{PORT}"}
        self.connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)

    def sign_in(self) -> None:
        form = urlencode({"username": "admin", "password": PASSWORD})
        typed = {**self.headers, "Content-Type": "application/x-www-form-urlencoded"}
        while True:
            try:
                self.connection.request("POST", "/console/sign-in", form, typed)
                break
            except ConnectionRefusedError:
                self.connection.close()
                time.sleep(0.1)
        answer = self.connection.getresponse()
        answer.read()
        self.headers["Cookie"] = str(answer.headers["Set-Cookie"]).partition(";")[0]

    def fill(self, stores: int) -> None:
        """Further stores; then wait until no job is under way."""
        for first in range(0, stores, AT_ONCE):
            rows = [{"external_id": f"extra-{number:05}", "group": "x"} for number in range(first, first + AT_ONCE)]
            body = json.dumps({"create": rows})
            headers = {**self.headers, "Content-Type": "application/json"}
            self.connection.request("POST", "/api/v1/stores/bulk", body, headers)
            answer = self.connection.getresponse()
            if answer.status != http.HTTPStatus.OK:
                raise SystemExit(answer.read().decode())
            answer.read()
        while not SETTLED.search(self.get("/api/v1/jobs?status__in=queued,running&size=1")[0].encode()):
            time.sleep(0.5)

    def deep(self, path: str, pages: int) -> str:
        """The address so many pages on."""
        place = path.partition("?")[0]
        for _ in range(pages):
            following = re.search(r'rel="next" href="([^"]+)"', self.get(path)[0])
            if following is None:
                return path
            path = place + following[1].replace("&amp;", "&")
        return path

    def get(self, path: str) -> tuple[str, int]:
        """The text, and the bytes that were transferred."""
        self.connection.request("GET", path, headers=self.headers)
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != http.HTTPStatus.OK:
            raise SystemExit(f"{path}: {answer.status}")
        packed = answer.headers.get("Content-Encoding") == "gzip"
        return (gzip.decompress(body) if packed else body).decode(), len(body)

    def seconds(self, path: str) -> float:
        begun = time.perf_counter()
        self.get(path)
        return time.perf_counter() - begun


if __name__ == "__main__":
    main()
