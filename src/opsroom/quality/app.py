"""The quality app, as the house sees it."""

from opsroom.core.app import App

app = App(
    name="quality",
    title="Quality: control charts, capability, gauge studies, sampling plans.",
    models="opsroom.quality.tables",
    resources="opsroom.quality.resources:RESOURCES",
    permissions="opsroom.quality.permissions:GRANTS",
    commands="opsroom.quality.cli:group",
)
