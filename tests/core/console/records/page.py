"""Reading a page as a person does: its rows, its words, its form."""

import re
from html import unescape
from html.parser import HTMLParser

import httpx

CELL = re.compile(r"<t[dh][^>]*>(.*?)</t[dh]>", re.DOTALL)
TAG = re.compile(r"<[^>]+>")


def rows(answer: httpx.Response) -> list[list[str]]:
    """The text of each cell of the page's first table, its head first."""
    assert answer.status_code == 200, answer.text
    table = answer.text.partition("<table")[2].partition("</table>")[0]
    found = [[words(cell) for cell in CELL.findall(row)] for row in table.split("<tr")[1:]]
    return [row for row in found if row]


def column(answer: httpx.Response, name: str) -> list[str]:
    head, *body = rows(answer)
    return [row[head.index(name)] for row in body]


def words(html: str) -> str:
    return " ".join(unescape(TAG.sub(" ", html)).split())


class Form(HTMLParser):
    """What a browser would send with the page's last form that posts."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self.path = ""
        self._select = ""
        self._area = ""
        self.feed(answer.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.path, self.values = given.get("action", ""), {}
        elif tag == "input" and not (given.get("type") == "checkbox" and "checked" not in given):
            self.values[given["name"]] = given.get("value", "")
        elif tag == "select":
            self._select = given["name"]
        elif tag == "option" and self._select and ("selected" in given or self._select not in self.values):
            self.values[self._select] = given["value"]
        elif tag == "textarea":
            self._area = given["name"]
            self.values[self._area] = ""

    def handle_endtag(self, tag: str) -> None:
        self._select = "" if tag == "select" else self._select
        self._area = "" if tag == "textarea" else self._area

    def handle_data(self, data: str) -> None:
        if self._area:
            self.values[self._area] += data
