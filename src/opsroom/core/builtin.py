"""The core's own features, through the same door as every app's."""

from opsroom.core.app import App

core_app = App(
    name="core",
    title="Platform",
    models="opsroom.core.models",
    routers=(
        "opsroom.core.health:router",
        "opsroom.core.auth.api:router",
        "opsroom.core.jobs.api:router",
        "opsroom.core.reports.api:router",
        "opsroom.core.docs:router",
    ),
    pages=(
        "opsroom.core.console.assets:router",
        "opsroom.core.console.sign_in:router",
        "opsroom.core.console.preferences:router",
        "opsroom.core.console.home:router",
        "opsroom.core.console.jobs:router",
    ),
    resources="opsroom.core.declared:RESOURCES",
    permissions="opsroom.core.auth.roles:CORE_GRANTS",
)
