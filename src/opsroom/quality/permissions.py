"""Who may do what in the quality app."""

from opsroom.core.auth.models import Role
from opsroom.core.auth.roles import Grants

THINGS = (
    "parts", "lots", "inspections", "defects", "inference_jobs", "measurements", "nonconformances", "gauges",
    "signatures",
)  # fmt: skip

GRANTS: Grants = {
    Role.USER: frozenset(f"quality.{thing}.read" for thing in THINGS)
    | {
        "quality.reports.read",
        "quality.measurements.write",
        "quality.defects.write",
        "quality.defects.review",
        "quality.inference_jobs.write",
        "quality.inspections.write",
        "quality.signatures.write",
    },
    Role.MANAGER: frozenset(f"quality.{thing}.write" for thing in THINGS)
    | {"quality.lots.release", "quality.proofs.read"},
    Role.ADMIN: frozenset({"audit.review"}),
}
