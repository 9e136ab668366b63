"""The app, as Opsroom sees it: dotted names of its parts, imported when they are needed."""

from opsroom.core.app import App

app = App(
    name="assistants",
    title="Assistants: what voice assistants understand.",
    models="assistants.models",
    migrations="assistants.migrations",
    resources="assistants.resources:RESOURCES",
    permissions="assistants.permissions:GRANTS",
)
