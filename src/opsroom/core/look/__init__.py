"""What everything that is looked at shares: the tokens of colour and type, and the classes of charts.

The console serves the files of `static`; a report that stands alone carries them within itself.
"""

import re
from functools import cache
from importlib.resources import files

PAPER_FONT = "Inter"  # carried along with the reports
TOKEN = re.compile(r"--([a-z-]+): *([^;]+);")
USE = re.compile(r"var\(--([a-z-]+)\)")


@cache
def stylesheet(name: str) -> str:
    """`tokens.css` or `charts.css`."""
    return (files(__package__) / "static" / name).read_text(encoding="utf-8")


@cache
def chart_style_on_paper() -> str:
    """The style of charts with the light theme's values written in, for readers that know no custom properties."""
    light = dict(TOKEN.findall(stylesheet("tokens.css").split("}", 1)[0])) | {"chart-font": PAPER_FONT}

    def value(match: re.Match[str]) -> str:
        return USE.sub(value, light[match[1]])

    return USE.sub(value, stylesheet("charts.css"))
