"""Runs of a model over an image, with everything that makes the result repeatable."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, SmallInteger, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from opsroom.core.db.base import Entity
from opsroom.core.db.columns import JsonDocument, one_of
from opsroom.core.db.rules import Rule, States, changed, ruled
from opsroom.quality.kinds import InferenceStatus

INFERENCE_STATES = States(
    "status",
    ("queued",),
    {
        "queued": ("running", "cancelled", "failed", "timed_out"),
        "running": ("succeeded", "failed", "cancelled", "timed_out", "queued"),
        "succeeded": (),
        "failed": ("queued",),
        "cancelled": ("queued",),
        "timed_out": ("queued",),
    },
)
EXACT = (
    "inspection_id", "model_name", "model_version", "model_sha256", "input_artifact_id", "input_sha256", "threshold",
)  # fmt: skip
HEX = "length({0}) = 64 AND {0} = lower({0}) AND trim({0}, '0123456789abcdef') = ''"
_unfinished = text("status IN ('queued', 'running')")
_standing = text("status IN ('queued', 'running', 'succeeded')")


class InferenceJob(Entity):
    """server: `onnx` for the model in this process, else the address of an Open Inference Protocol server
    outputs: the raw numbers that the model gave, by output name
    threshold: findings below this confidence were not taken over
    *_ms: waiting, computing, and from asking to the answer
    """

    __table_args__ = (
        CheckConstraint("priority BETWEEN 1 AND 10", name="priority"),
        CheckConstraint("attempts >= 0", name="attempts"),
        CheckConstraint("threshold BETWEEN 0 AND 1", name="threshold"),
        CheckConstraint("queue_ms >= 0 AND compute_ms >= 0 AND total_ms >= 0", name="times"),
        CheckConstraint(HEX.format("model_sha256"), name="model_sha256"),
        CheckConstraint(HEX.format("input_sha256"), name="input_sha256"),
        CheckConstraint("status <> 'succeeded' OR outputs IS NOT NULL", name="success_has_outputs"),
        CheckConstraint("status NOT IN ('failed', 'timed_out') OR error IS NOT NULL", name="failure_has_a_reason"),
        CheckConstraint("finished_at >= created_at", name="times_in_order"),
        Index("ix_inference_jobs_inspection_id_status", "inspection_id", "status"),
        Index("ix_inference_jobs_model", "model_name", "model_version", "created_at"),
        Index("ix_inference_jobs_input_sha256", "input_sha256"),
        Index("ix_inference_jobs_outputs", "outputs", postgresql_using="gin"),
        Index(
            "ix_inference_jobs_unfinished",
            "model_sha256",
            "priority",
            "created_at",
            postgresql_where=_unfinished,
            sqlite_where=_unfinished,
        ),
        # The same model looks at an image of an inspection once, however often it is asked to.
        Index(
            "uq_inference_jobs_standing",
            "inspection_id",
            "input_artifact_id",
            "model_sha256",
            unique=True,
            postgresql_where=_standing,
            sqlite_where=_standing,
        ),
        {
            "info": ruled(
                INFERENCE_STATES,
                Rule(
                    "inputs_kept",
                    "UPDATE",
                    changed(EXACT),
                    "What a run was asked is kept; ask for another run.",
                ),
                Rule(
                    "outputs_kept",
                    "UPDATE",
                    "OLD.status = 'succeeded' AND NEW.outputs IS DISTINCT FROM OLD.outputs",
                    "What the model gave is never overwritten.",
                ),
                Rule(
                    "begun_inspection_kept",
                    "DELETE",
                    "EXISTS (SELECT 1 FROM inspections WHERE id = OLD.inspection_id AND status <> 'pending')",
                    "Runs of an inspection that has begun are kept.",
                ),
            )
        },
    )

    inspection_id: Mapped[UUID] = mapped_column(ForeignKey("inspections.id", ondelete="CASCADE"))
    model_name: Mapped[str] = mapped_column(String(120))
    model_version: Mapped[str] = mapped_column(String(40))
    model_sha256: Mapped[str] = mapped_column(String(64))
    input_artifact_id: Mapped[UUID] = mapped_column(ForeignKey("artifacts.id"), index=True)
    input_sha256: Mapped[str] = mapped_column(String(64))
    server: Mapped[str] = mapped_column(String(500), default="onnx", server_default=text("'onnx'"))
    status: Mapped[InferenceStatus] = mapped_column(
        one_of(InferenceStatus), default=InferenceStatus.QUEUED, server_default=text("'queued'")
    )
    priority: Mapped[int] = mapped_column(SmallInteger, default=5, server_default=text("5"))
    attempts: Mapped[int] = mapped_column(Integer, default=0, server_default=text("0"))
    threshold: Mapped[float] = mapped_column(default=0.5, server_default=text("0.5"))
    queue_ms: Mapped[float | None]
    compute_ms: Mapped[float | None]
    total_ms: Mapped[float | None]
    outputs: Mapped[dict[str, Any] | None] = mapped_column(JsonDocument)
    error: Mapped[str | None] = mapped_column(Text)
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("jobs.id", ondelete="SET NULL"), index=True)
    requested_by: Mapped[str] = mapped_column(String(150))
    finished_at: Mapped[datetime | None]
