"""Artifacts and the rules that move them, declared."""

from sqlalchemy import ColumnElement, not_, select

from opsroom.core.actor import Actor
from opsroom.core.reports.access import readable
from opsroom.core.reports.models import Report
from opsroom.core.resources.declaration import Resource
from opsroom.core.resources.presentation import Presentation
from opsroom.core.shapes import patch_of
from opsroom.core.storage.models import Artifact, ArtifactRule
from opsroom.core.storage.schemas import ArtifactRead, RuleCreate, RuleRead


def not_of_hidden_reports(actor: Actor) -> ColumnElement[bool] | None:
    """A private report is no less private because its file is an artifact."""
    rule = readable(actor)
    if rule is None:
        return None
    hidden = select(Report.artifact_id).where(Report.artifact_id.is_not(None), Report.private, not_(rule))
    return Artifact.id.not_in(hidden)


ARTIFACTS = Resource(
    model=Artifact,
    prefix="/api/v1/artifacts",
    tags=("artifacts",),
    read=ArtifactRead,
    permission="artifacts",
    search=("name",),
    visible_to=not_of_hidden_reports,
    presentation=Presentation(title="Which files are kept?"),
)

RULES = Resource(
    model=ArtifactRule,
    prefix="/api/v1/artifact-rules",
    tags=("artifacts",),
    read=RuleRead,
    create=RuleCreate,
    update=patch_of(RuleCreate),
    permission="artifacts.rules",
    search=("name",),
    presentation=Presentation(title="Which files move to cheaper places?"),
)
