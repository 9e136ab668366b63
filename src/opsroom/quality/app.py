"""The quality app, as the house sees it."""

from opsroom.core.app import App, Page

app = App(
    name="quality",
    title="Quality: control charts, capability, gauge studies, sampling plans.",
    models="opsroom.quality.tables",
    routers=(
        "opsroom.quality.charts.api:router",
        "opsroom.quality.conduct.api:router",
        "opsroom.quality.disposition.api:router",
        "opsroom.quality.findings.api:router",
        "opsroom.quality.images.api:router",
        "opsroom.quality.inference.api:router",
        "opsroom.quality.measurements.api:router",
        "opsroom.quality.nonconformances.api:router",
        "opsroom.quality.proofs.api:router",
        "opsroom.quality.signing.api:router",
        "opsroom.quality.trail_reviews.api:router",
    ),
    pages=(
        "opsroom.quality.console.glance:router",
        "opsroom.quality.console.charts:router",
        "opsroom.quality.console.review:router",
        "opsroom.quality.console.inspection:router",
        "opsroom.quality.console.proof:router",
        "opsroom.quality.console.board:router",
    ),
    templates="opsroom.quality",
    rail=(Page("Quality", "/console/quality", "quality.lots.read", "gauge", glance="/console/quality/glance"),),
    place=30,
    resources="opsroom.quality.resources:RESOURCES",
    jobs="opsroom.quality.jobs:job_types",
    reports="opsroom.quality.reports.declared:report_types",
    demo="quality.demo",
    permissions="opsroom.quality.permissions:GRANTS",
    gauges="opsroom.quality.gauges:GAUGES",
    commands="opsroom.quality.cli:group",
)
