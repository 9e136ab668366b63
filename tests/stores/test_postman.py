"""The Postman collection in `docs/`: its requests, in its order, against the application."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
from tests.stores.conftest import STATUS, HandIn, Work

COLLECTION = Path(__file__).parents[2] / "docs" / "opsroom.postman_collection.json"
VARIABLE = re.compile(r"\{\{(\w+)\}\}")
STATUS_CHECK = re.compile(r"pm\.response\.to\.have\.status\((\d+)\)")
VALUE_CHECK = re.compile(r"pm\.expect\(pm\.response\.json\(\)\.(\w+)\)\.to\.eql\((.+?)\)\);")
ASSIGNMENT = re.compile(r'pm\.collectionVariables\.set\("(\w+)", pm\.response\.json\(\)\.(\w+)\);')


class Runner:
    """As much of Postman as the collection needs: variables, bearer token, and three forms of test lines."""

    def __init__(self, collection: dict[str, Any], **variables: str) -> None:
        self.collection = collection
        self.variables = {one["key"]: one["value"] for one in collection["variable"]} | variables

    async def run(self, client: httpx.AsyncClient, item: dict[str, Any]) -> httpx.Response:
        request = item["request"]
        headers = {one["key"]: self.filled(one["value"]) for one in request["header"]}
        headers["Authorization"] = self.filled(f"Bearer {self.collection['auth']['bearer'][0]['value']}")
        content = self.filled(request.get("body", {}).get("raw", ""))
        url = self.filled(request["url"]["raw"])
        answer = await client.request(request["method"], url, headers=headers, content=content)
        for event in item["event"]:
            for line in event["script"]["exec"]:
                self.interpret(line, answer)
        return answer

    def filled(self, text: str) -> str:
        return VARIABLE.sub(lambda match: self.variables[match[1]], text)

    def interpret(self, line: str, answer: httpx.Response) -> None:
        if found := STATUS_CHECK.search(line):
            assert answer.status_code == int(found[1]), answer.text
        elif found := VALUE_CHECK.search(line):
            assert answer.json()[found[1]] == json.loads(found[2]), answer.text
        elif found := ASSIGNMENT.search(line):
            self.variables[found[1]] = answer.json()[found[2]]
        else:
            raise AssertionError(f"the test does not understand {line}")


async def test_its_requests_run_in_its_order(hand_in: HandIn, manager: httpx.AsyncClient, work: Work) -> None:
    await hand_in(status=STATUS)
    collection = json.loads(COLLECTION.read_text(encoding="utf-8"))
    assert collection["info"]["schema"] == "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
    assert {"base_url", "token"} <= {one["key"] for one in collection["variable"]}
    token = manager.headers.pop("Authorization").removeprefix("Bearer ")
    runner = Runner(collection, base_url="http://opsroom.test", token=token)
    bodies = []
    for item in collection["item"]:
        bodies.append((await runner.run(manager, item)).text)
        await work()
    assert [item["request"]["url"]["path"][0] for item in collection["item"]] == [
        "trigger_report", "get_report", "download_report", "current_report", "pending_status", "healthz",
    ]  # fmt: skip
    assert bodies[2].startswith("store_id,uptime_last_hour,")
    assert runner.variables["download_url"] == f"/download_report/{runner.variables['report_id']}/"


def test_its_addresses_are_written_alike_in_both_of_their_forms() -> None:
    for item in json.loads(COLLECTION.read_text(encoding="utf-8"))["item"]:
        url = item["request"]["url"]
        path, _, query = url["raw"].partition("?")
        assert path == "/".join([*url["host"], *url["path"]])
        assert query == "&".join(f"{one['key']}={one['value']}" for one in url.get("query", []))
