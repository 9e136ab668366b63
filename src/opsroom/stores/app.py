"""The stores app, as the house sees it."""

from opsroom.core.app import App

app = App(
    name="stores",
    title="Stores: uptime of many sites, incidents, reports.",
    models="opsroom.stores.models",
    commands="opsroom.stores.cli:group",
)
