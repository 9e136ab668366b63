"""The dispatch app, as the house sees it."""

from opsroom.core.app import App, Page

app = App(
    name="dispatch",
    title="Dispatch: send now or wait and consolidate, explained.",
    models="opsroom.dispatch.tables",
    routers=(
        "opsroom.dispatch.api:router",
        "opsroom.dispatch.routes_api:router",
        "opsroom.dispatch.learning_api:router",
    ),
    jobs="opsroom.dispatch.jobs:job_types",
    resources="opsroom.dispatch.resources:RESOURCES",
    permissions="opsroom.dispatch.permissions:GRANTS",
    gauges="opsroom.dispatch.gauges:GAUGES",
    pages=("opsroom.dispatch.console_road:router", "opsroom.dispatch.console:router"),
    templates="opsroom.dispatch",
    rail=(Page("Dispatch", "/console/dispatch", "dispatch.orders.read", "truck", glance="/console/dispatch/glance"),),
    place=20,
    demo="dispatch.demo",
    commands="opsroom.dispatch.cli:group",
)
