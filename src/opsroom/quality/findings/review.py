"""Deciding about findings: confirm, reject, re-type, redraw, escalate, and taking the last step back.

What the model found stays in `model_verdict`, whoever decided first stays the first reviewer, and each step is a row of
its own with the fields before and after. A finding that takes two people is decided when two different ones agree; when
they do not, it is escalated, and a third one decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.clock import now
from opsroom.core.errors import Conflict, Forbidden, Invalid, NotFound
from opsroom.quality.findings.models import Defect, DefectReview
from opsroom.quality.findings.places import placed, rank_of
from opsroom.quality.kinds import DefectType, DetectionMethod, ReviewDecision, ReviewStatus, Severity

FIELDS = (
    "type", "severity", "severity_rank", "detection_method", "box_x", "box_y", "box_width", "box_height", "polygon",
    "size", "second_person", "review_status", "first_reviewer_id", "first_reviewer", "second_reviewer_id",
    "second_reviewer", "comment",
)  # fmt: skip
DECIDED = frozenset({ReviewStatus.CONFIRMED, ReviewStatus.REJECTED})
VERDICTS = {ReviewDecision.CONFIRM: ReviewStatus.CONFIRMED, ReviewDecision.REJECT: ReviewStatus.REJECTED}


@dataclass(frozen=True, slots=True)
class Step:
    """What a reviewer wants. place: box and polygon, for a redraw"""

    decision: ReviewDecision
    reason: str | None = None
    type: DefectType | None = None
    severity: Severity | None = None
    place: Mapping[str, Any] | None = None


async def review(session: AsyncSession, actor: Actor, defect_id: UUID, step: Step) -> Defect:
    """
    Raises:
        NotFound: there is no such finding.
        Conflict: it is decided already, or there is nothing to take back.
        Forbidden: this takes another person.
        Invalid: something is missing for this decision.
    """
    defect = await session.get(Defect, defect_id, with_for_update=True, populate_existing=True)
    if defect is None:
        raise NotFound(f"There is no finding {defect_id}.")
    if actor.user_id is None:
        raise Forbidden("Only a person can review.", code="review_needs_a_person")
    before = _fields(defect)
    undone = None
    if step.decision is ReviewDecision.UNDO:
        undone = await _undo(session, defect, actor.user_id)
    else:
        await _apply(session, defect, actor, step)
    defect.reviewed_at = now()
    session.add(
        DefectReview(
            defect_id=defect.id,
            position=await _last_position(session, defect.id) + 1,
            reviewer_id=actor.user_id,
            reviewer=actor.name,
            decision=step.decision,
            undone_position=undone,
            reason=step.reason,
            before=before,
            after=_fields(defect),
        )
    )
    await session.flush()
    return defect


async def _apply(session: AsyncSession, defect: Defect, actor: Actor, step: Step) -> None:
    if defect.review_status in DECIDED:
        raise Conflict(
            f"The finding is {defect.review_status.value} already; its last reviewer can take that back by undo.",
            code="finding_decided",
        )
    _check(step)
    if step.decision is ReviewDecision.RETYPE:
        _retype(defect, step)
    elif step.decision is ReviewDecision.REDRAW:
        assert step.place is not None  # noqa: S101  checked above
        _set(defect, placed(step.place["box"], step.place["polygon"]))
        _touched_by_a_person(defect)
    elif step.decision is ReviewDecision.ESCALATE:
        defect.review_status = ReviewStatus.ESCALATED
        defect.comment = step.reason
    else:
        await _judge(session, defect, actor, step)


def _check(step: Step) -> None:
    if step.decision in {ReviewDecision.REJECT, ReviewDecision.ESCALATE} and not step.reason:
        raise Invalid(f"To {step.decision.value} a finding takes a reason.", field="reason")
    if step.decision is ReviewDecision.RETYPE and step.type is None and step.severity is None:
        raise Invalid("To retype a finding, give `type` or `severity` or both.", field="type")
    if step.decision is ReviewDecision.REDRAW and step.place is None:
        raise Invalid("To redraw a finding, give `box` or `polygon`.", field="box")


def _retype(defect: Defect, step: Step) -> None:
    """A finding that was critical once goes on asking for two people, whatever it is called now."""
    defect.type = step.type or defect.type
    defect.severity = step.severity or defect.severity
    defect.severity_rank = rank_of(defect.severity)
    defect.second_person = defect.second_person or defect.severity is Severity.CRITICAL
    _touched_by_a_person(defect)


async def _judge(session: AsyncSession, defect: Defect, actor: Actor, step: Step) -> None:
    verdict = VERDICTS[step.decision]
    if step.reason:
        defect.comment = step.reason
    if not defect.second_person:
        defect.first_reviewer_id, defect.first_reviewer = actor.user_id, actor.name
        defect.review_status = verdict
        return
    if defect.first_reviewer_id is None:
        defect.first_reviewer_id, defect.first_reviewer = actor.user_id, actor.name
        defect.review_status = ReviewStatus.NEEDS_SECOND_REVIEW
        return
    judged = await _standing_judgements(session, defect.id)
    if actor.user_id in {reviewer for reviewer, _ in judged}:
        raise Forbidden("You judged this finding already; it takes another person.", code="second_person_needed")
    defect.second_reviewer_id, defect.second_reviewer = actor.user_id, actor.name
    agreed = any(decision is step.decision for _, decision in judged)
    defect.review_status = verdict if agreed else ReviewStatus.ESCALATED


async def _undo(session: AsyncSession, defect: Defect, user_id: UUID) -> int:
    """Take back the last step that stands, if it is the person's own. Gives its position."""
    steps = await _standing_steps(session, defect.id)
    if not steps:
        raise Conflict("There is nothing to take back.", code="nothing_to_undo")
    last = steps[-1]
    if last.reviewer_id != user_id:
        raise Forbidden(f"The last step is {last.reviewer}'s; only they can take it back.", code="not_your_step")
    restored = dict(last.before)
    for name, kind in (
        ("type", DefectType), ("severity", Severity), ("detection_method", DetectionMethod),
        ("review_status", ReviewStatus),
    ):  # fmt: skip
        restored[name] = kind(restored[name])
    for name in ("first_reviewer_id", "second_reviewer_id"):
        restored[name] = UUID(restored[name]) if restored[name] else None
    restored["second_person"] = defect.second_person or restored["second_person"]
    _set(defect, restored)
    return last.position


async def _standing_steps(session: AsyncSession, defect_id: UUID) -> list[DefectReview]:
    """The steps that were not taken back, in their order."""
    query = select(DefectReview).where(DefectReview.defect_id == defect_id).order_by(DefectReview.position)
    steps = list(await session.scalars(query))
    gone = {step.undone_position for step in steps if step.undone_position is not None}
    return [step for step in steps if step.decision is not ReviewDecision.UNDO and step.position not in gone]


async def _standing_judgements(session: AsyncSession, defect_id: UUID) -> list[tuple[UUID, ReviewDecision]]:
    steps = await _standing_steps(session, defect_id)
    return [(step.reviewer_id, step.decision) for step in steps if step.decision in VERDICTS]


async def _last_position(session: AsyncSession, defect_id: UUID) -> int:
    found = select(func.max(DefectReview.position)).where(DefectReview.defect_id == defect_id)
    return await session.scalar(found) or 0


def _touched_by_a_person(defect: Defect) -> None:
    if defect.detection_method is DetectionMethod.MODEL:
        defect.detection_method = DetectionMethod.HYBRID


def _fields(defect: Defect) -> dict[str, Any]:
    """As JSON: enumerations are words, ids text."""
    found = {name: getattr(defect, name) for name in FIELDS}
    return {name: str(value) if isinstance(value, UUID) else value for name, value in found.items()}


def _set(defect: Defect, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(defect, name, value)
