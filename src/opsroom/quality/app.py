"""The quality app, as the house sees it: so far its statistics, on files."""

from opsroom.core.app import App

app = App(
    name="quality",
    title="Quality: control charts, capability, gauge studies, sampling plans.",
    commands="opsroom.quality.cli:group",
)
