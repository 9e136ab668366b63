"""The dispatch app, as the house sees it: so far its engine, on published problems."""

from opsroom.core.app import App

app = App(
    name="dispatch",
    title="Dispatch: send now or wait, on published problems.",
    commands="opsroom.dispatch.cli:group",
)
