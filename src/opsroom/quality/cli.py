"""Statistics of process control, on CSV files, and models, on images, from the command line and without a database."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, get_args

import numpy as np
import typer

from opsroom.core.command_groups import group_with

from .columns import Columns, read_columns
from .inference.cli import infer, models
from .spc.acceptance import operating_characteristic
from .spc.arrays import Flags, Line, UnusableData
from .spc.attributes import c_chart, np_chart, p_chart, u_chart
from .spc.capability import Specification, Within, capability
from .spc.chart import Basis, Chart
from .spc.gauge import gauge_anova, gauge_cells, gauge_range
from .spc.memory import Decision, Weighting, cusum, ewma
from .spc.plans import sampling_plan
from .spc.rules import NELSON, WESTERN_ELECTRIC, Rules
from .spc.subgroups import Subgroups, codes_of
from .spc.variables import deviation_chart, individuals, range_chart, xbar_r, xbar_s

# Commands that need the database; importing them would slow down those that do not.
LATER = {
    "import": "opsroom.commands.quality_import:command",
    "verify": "opsroom.commands.quality_verify:command",
}

group = typer.Typer(
    name="quality", help="Inspection lots and process control.", no_args_is_help=True, cls=group_with(LATER)
)
group.add_typer(models)
group.command()(infer)


class ChartKind(StrEnum):
    XBAR_R = "xbar-r"
    XBAR_S = "xbar-s"
    R = "r"
    S = "s"
    IMR = "imr"
    P = "p"
    NP = "np"
    C = "c"
    U = "u"
    EWMA = "ewma"
    CUSUM = "cusum"


class RuleSet(StrEnum):
    NELSON = "nelson"
    WESTERN_ELECTRIC = "western-electric"
    NONE = "none"


class GaugeMethod(StrEnum):
    ANOVA = "anova"
    RANGE = "range"


RULES: dict[RuleSet, Rules] = {
    RuleSet.NELSON: NELSON,
    RuleSet.WESTERN_ELECTRIC: WESTERN_ELECTRIC,
    RuleSet.NONE: (),
}
SUBGROUP_CHARTS = {
    ChartKind.XBAR_R: xbar_r,
    ChartKind.XBAR_S: xbar_s,
    ChartKind.R: range_chart,
    ChartKind.S: deviation_chart,
}
SIZED_CHARTS = {ChartKind.P: p_chart, ChartKind.NP: np_chart, ChartKind.U: u_chart}

CsvFile = Annotated[Path, typer.Argument(metavar="FILE.csv", help="A CSV file with a header line.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Column = Annotated[str | None, typer.Option(metavar="COL")]
Number = Annotated[float | None, typer.Option(metavar="X")]


@group.command()
def chart(
    kind: ChartKind,
    file: CsvFile,
    *,
    subgroup: Column = None,
    value: Column = None,
    size: Annotated[str | None, typer.Option(metavar="COL|N", help="Sample sizes, for p, np and u.")] = None,
    phase1: Annotated[
        str | None, typer.Option(metavar="COL|N", help="Points that set the limits: a column, or the first N.")
    ] = None,
    center: Number = None,
    sigma: Annotated[float | None, typer.Option(metavar="X", help="Of one measurement.")] = None,
    weight: Annotated[float | None, typer.Option("--lambda", metavar="X", help="For ewma; 0.2.")] = None,
    width: Annotated[float | None, typer.Option(metavar="X", help="For ewma, in sigma; 3.")] = None,
    k: Annotated[float | None, typer.Option("--k", metavar="X", help="For cusum, in sigma; 0.5.")] = None,
    h: Annotated[float | None, typer.Option("--h", metavar="X", help="For cusum, in sigma; 5.")] = None,
    rules: RuleSet = RuleSet.NELSON,
    as_json: AsJson = False,
) -> None:
    """Draw up a control chart and name its signals. Indices count points from 0."""
    with _refusals():
        _refuse_foreign_options(kind, {"size": size, "lambda": weight, "width": width, "k": k, "h": h})
        weighting = Weighting(0.2 if weight is None else weight, 3.0 if width is None else width)
        decision = Decision(0.5 if k is None else k, 5.0 if h is None else h)
        columns = read_columns(file)
        values = columns.numbers(value or columns.only_other_than({subgroup, size, phase1}))
        in_groups = kind in SUBGROUP_CHARTS or kind in {ChartKind.EWMA, ChartKind.CUSUM}
        points = _points(columns, subgroup, single=not in_groups)
        basis = Basis(center, sigma, _phase1(columns, phase1, points), RULES[rules])
        if kind in SUBGROUP_CHARTS and subgroup is None:
            raise UnusableData(f"a {kind} chart needs the column of the subgroups: --subgroup COL")
        if in_groups:
            found = _grouped(kind, Subgroups.from_labels(values, points), basis, weighting, decision)
        elif kind in SIZED_CHARTS:
            found = SIZED_CHARTS[kind](values, _sizes(columns, kind, size), basis)
        else:
            found = (c_chart if kind is ChartKind.C else individuals)(values, basis)
    _show(found.document(), as_json, _chart_lines(found))


@group.command(name="capability")
def capability_command(
    file: CsvFile,
    *,
    value: Column = None,
    subgroup: Column = None,
    lower: Number = None,
    upper: Number = None,
    target: Number = None,
    within: Annotated[str | None, typer.Option(metavar="|".join(get_args(Within)))] = None,
    confidence: float = 0.95,
    as_json: AsJson = False,
) -> None:
    """Compare the spread of a process with its tolerance."""
    with _refusals():
        specification = Specification(lower, upper, target)
        columns = read_columns(file)
        values = columns.numbers(value or columns.only_other_than({subgroup}))
        labels = columns.texts(subgroup) if subgroup else range(len(values))
        chosen: Within | None = next((name for name in get_args(Within) if name == within), None)
        if within and not chosen:
            raise UnusableData(f"--within is {within!r}; expected one of {', '.join(get_args(Within))}")
        found = capability(Subgroups.from_labels(values, labels), specification, within=chosen, confidence=confidence)
    _show(found.document(), as_json, [f"{name}: {_rounded(part)}" for name, part in found.document().items()])


@group.command()
def gauge(
    file: CsvFile,
    *,
    part: Annotated[str, typer.Option(metavar="COL")],
    operator: Annotated[str, typer.Option(metavar="COL")],
    value: Annotated[str, typer.Option(metavar="COL")],
    tolerance: Number = None,
    method: GaugeMethod = GaugeMethod.ANOVA,
    alpha: Annotated[float, typer.Option(help="The interaction is pooled where its p is larger.")] = 0.25,
    as_json: AsJson = False,
) -> None:
    """Judge a gauge: how much of the variation is measurement (crossed study)."""
    with _refusals():
        columns = read_columns(file)
        cells = gauge_cells(columns.texts(part), columns.texts(operator), columns.numbers(value))
        if method is GaugeMethod.ANOVA:
            study = gauge_anova(cells, tolerance=tolerance, pooling_alpha=alpha)
        else:
            study = gauge_range(cells, tolerance=tolerance)
    lines = [
        f"{name}: variance {variance:.6g}, {study.study_variation[name]:.2f} % of study variation"
        for name, variance in study.variances.items()
    ]
    _show(study.document(), as_json, [*lines, f"%GRR {study.grr_percent:.2f}, ndc {study.categories}"])


@group.command()
def plan(
    lot: Annotated[int, typer.Option(metavar="N", help="Units in the lot.")],
    level: Annotated[str, typer.Option(metavar="L", help="I, II, III, S-1 to S-4.")],
    aql: Annotated[float, typer.Option(metavar="A", help="Acceptance quality limit, percent.")],
    severity: Annotated[str, typer.Option(metavar="normal|tightened|reduced")] = "normal",
    *,
    as_json: AsJson = False,
) -> None:
    """Find the single sampling plan of ISO 2859-1 for a lot, with its operating characteristic."""
    with _refusals():
        found = sampling_plan(lot, level, aql, severity)
    curve = operating_characteristic(lot, found)
    document = asdict(found) | {"inspect_all": found.n >= lot, "oc": [asdict(point) for point in curve]}
    every = ", that is every unit" if found.n >= lot else ""
    drawn = f"code {found.code}, plan {found.plan_code} {found.severity}: sample {found.n}{every}"
    head = f"{drawn}, accept up to {found.ac}, reject from {found.re}"
    tail = [f"{point.p:.4%} nonconforming: accepted {point.hypergeometric:.4f}" for point in curve]
    _show(document, as_json, [head, *tail])


@contextmanager
def _refusals() -> Iterator[None]:
    """A refusal is one sentence on standard error and exit status 2, as for a wrong option."""
    try:
        yield
    except UnusableData as refusal:
        typer.echo(f"Error: {refusal}", err=True)
        raise typer.Exit(2) from refusal


def _refuse_foreign_options(kind: ChartKind, given: dict[str, object]) -> None:
    """An option that has no meaning for the chart would be ignored silently."""
    owners: dict[str, tuple[ChartKind, ...]] = {
        "size": tuple(SIZED_CHARTS),
        "lambda": (ChartKind.EWMA,),
        "width": (ChartKind.EWMA,),
        "k": (ChartKind.CUSUM,),
        "h": (ChartKind.CUSUM,),
    }
    for name, value in given.items():
        if value is not None and kind not in owners[name]:
            raise UnusableData(f"--{name} belongs to {', '.join(owners[name])} charts, not to {kind}")


def _points(columns: Columns, subgroup: str | None, *, single: bool) -> list[int]:
    """The point each row belongs to. Charts of single values take subgroup labels only as names of their points."""
    if subgroup is None:
        return list(range(len(columns.rows)))
    points: list[int] = codes_of(columns.texts(subgroup)).tolist()
    if single and len(set(points)) != len(points):
        row = next(row for row, point in enumerate(points) if point != row)
        raise UnusableData(f"{columns.place(row, subgroup)} repeats a subgroup; this chart expects one row for each")
    return points


def _phase1(columns: Columns, phase1: str | None, points: list[int]) -> Flags | None:
    """Which points set the limits: the first N, or those a column marks on all their rows."""
    if phase1 is None:
        return None
    count = max(points) + 1
    if phase1 not in columns.header and phase1.isdecimal():
        if not 1 <= int(phase1) <= count:
            raise UnusableData(f"--phase1 is {phase1}; expected 1 to {count}, the number of points")
        return np.arange(count) < int(phase1)
    marks: dict[int, bool] = {}
    for row, (point, flag) in enumerate(zip(points, columns.flags(phase1), strict=True)):
        if marks.setdefault(point, flag) != flag:
            raise UnusableData(f"{columns.place(row, phase1)} differs within its subgroup; expected one value for all")
    return np.array([marks[point] for point in range(count)])


def _sizes(columns: Columns, kind: ChartKind, size: str | None) -> list[float]:
    if size is None:
        raise UnusableData(f"a {kind} chart needs the sample sizes: --size COL, or one number for all")
    if size not in columns.header and size.isdecimal():
        return [float(size)] * len(columns.rows)
    return columns.numbers(size)


def _grouped(kind: ChartKind, groups: Subgroups, basis: Basis, weighting: Weighting, decision: Decision) -> Chart:
    if kind is ChartKind.EWMA:
        return ewma(groups, basis, weighting)
    if kind is ChartKind.CUSUM:
        return cusum(groups, basis, decision)
    return SUBGROUP_CHARTS[kind](groups, basis)


def _show(document: dict[str, object], as_json: bool, lines: Sequence[str]) -> None:
    text = json.dumps(document, allow_nan=False) if as_json else "\n".join(lines)
    typer.echo(text)


def _chart_lines(chart: Chart) -> list[str]:
    lines = {"center": chart.center, "lcl": chart.lcl, "ucl": chart.ucl, "sigma": chart.sigma}
    head = [f"{chart.kind}: {chart.points.size} points, {len(chart.signals)} signals"]
    shown = [f"{name} {_line(line)}" for name, line in lines.items()]
    below = _chart_lines(chart.dispersion) if chart.dispersion else []
    return [*head, *shown, *(signal.explanation for signal in chart.signals), *below]


def _line(line: Line) -> str:
    return f"{line.min():.6g} to {line.max():.6g}" if isinstance(line, np.ndarray) else f"{line:.6g}"


def _rounded(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
