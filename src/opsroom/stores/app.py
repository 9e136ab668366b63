"""The stores app, as the house sees it."""

from opsroom.core.app import App, Page

app = App(
    name="stores",
    title="Stores: uptime of many sites, incidents, reports.",
    models="opsroom.stores.tables",
    routers=(
        "opsroom.stores.fleet_api:router",
        "opsroom.stores.sla.api:router",
        "opsroom.stores.api:router",
        "opsroom.stores.imports_api:router",
        "opsroom.stores.roll_off.api:router",
        "opsroom.stores.legacy_api:router",
    ),
    pages=(
        "opsroom.stores.console_imports:router",
        "opsroom.stores.roll_off.console:router",
        "opsroom.stores.console_fleet:router",
        "opsroom.stores.console_maintenance:router",
        "opsroom.stores.console_sla:router",
        "opsroom.stores.console:router",
    ),
    templates="opsroom.stores",
    rail=(Page("Stores", "/console/stores", "stores.stores.read", "store", glance="/console/stores/glance"),),
    place=10,
    resources="opsroom.stores.resources:RESOURCES",
    jobs="opsroom.stores.jobs:job_types",
    reports="opsroom.stores.declared_reports:report_types",
    permissions="opsroom.stores.permissions:GRANTS",
    gauges="opsroom.stores.gauges:GAUGES",
    demo="stores.demo",
    demo_opens=(
        "trigger_report",
        "get_report",
        "get_report_by_path",
        "download_report_file",
        "current_report",
        "pending_status",
        "healthz",
    ),
    commands="opsroom.stores.cli:group",
)
