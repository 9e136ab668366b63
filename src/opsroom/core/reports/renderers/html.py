"""HTML: one file that needs nothing else, in the look of the console, light and dark, on screens and on paper."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from opsroom.core.charts import PATTERNS
from opsroom.core.look import stylesheet
from opsroom.core.reports.declaration import Asked, ReportTable
from opsroom.core.reports.laid_out import laid_out


def write_html(table: ReportTable, asked: Asked, path: Path) -> None:
    page = _environment().get_template("report.html").render(
        report=laid_out(asked, table, on_paper=False),
        tokens=Markup(stylesheet("tokens.css")),  # noqa: S704  our own file
        charts=Markup(stylesheet("charts.css")),  # noqa: S704  our own file
        patterns=PATTERNS,
    )  # fmt: skip
    path.write_text(page, encoding="utf-8", newline="\n")


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("opsroom.core.reports"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
