"""The core's own features, through the same door as every app's."""

from opsroom.core.app import App, Page

core_app = App(
    name="core",
    title="Platform",
    models="opsroom.core.models",
    routers=(
        "opsroom.core.health:router",
        "opsroom.core.auth.api:router",
        "opsroom.core.jobs.api:router",
        "opsroom.core.reports.api:router",
        "opsroom.core.schedules.api:router",
        "opsroom.core.artifacts.api:router",
        "opsroom.core.audit_api:router",
        "opsroom.core.webhooks.api:router",
        "opsroom.core.docs:router",
    ),
    pages=(
        "opsroom.core.console.assets:router",
        "opsroom.core.console.sign_in:router",
        "opsroom.core.console.preferences:router",
        "opsroom.core.console.home:router",
        "opsroom.core.console.components:router",
        "opsroom.core.console.admin:router",
        "opsroom.core.console.search:router",
        "opsroom.core.console.audit_export:router",
        "opsroom.core.console.audit:router",
        "opsroom.core.console.people:router",
        "opsroom.core.health_page:router",
        "opsroom.core.console.jobs:router",
        "opsroom.core.console.report_form:router",
        "opsroom.core.schedules.console:router",
        "opsroom.core.console.reports:router",
        "opsroom.core.webhooks.console:router",
    ),
    resources="opsroom.core.declared:RESOURCES",
    jobs="opsroom.core.background:job_types",
    permissions="opsroom.core.auth.roles:CORE_GRANTS",
    gauges="opsroom.core.gauges:GAUGES",
    rail=(
        Page("Reports", "/console/reports", "reports.read", icon="report"),
        Page("Jobs", "/console/jobs", "jobs.read", icon="jobs"),
        Page("Audit", "/console/audit", "audit.read", icon="audit"),
        Page(
            "Admin",
            "/console/admin",
            "health.read",
            icon="admin",
            below=(
                Page("Health", "/console/health", "health.read"),
                Page("Webhooks", "/console/webhooks", "webhooks.read"),
            ),
        ),
    ),
)
