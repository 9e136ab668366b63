"""The words that tables keep, as the few states that the eye learns: colour, shape and word together."""

from dataclasses import dataclass

from opsroom.core.jobs.models import JobStatus
from opsroom.core.reports.models import ReportStatus

# As drawn by the macro `badge` and in charts; the words of the design page.
KINDS = ("up", "down", "unknown", "excused", "waiting", "held", "running")


@dataclass(frozen=True, slots=True)
class State:
    kind: str
    word: str


_BY_STATUS = {
    JobStatus.QUEUED: State("waiting", "queued"),
    JobStatus.RUNNING: State("running", "running"),
    JobStatus.SUCCEEDED: State("up", "succeeded"),
    JobStatus.FAILED: State("down", "failed"),
    JobStatus.CANCELLED: State("excused", "cancelled"),
    ReportStatus.PENDING: State("waiting", "pending"),
    ReportStatus.COMPLETE: State("up", "complete"),
}


def state_of(status: JobStatus | ReportStatus, error: str | None = None) -> State:
    """How to show a status. A cancelled report is stored as failed with the reason `cancelled`."""
    if status is ReportStatus.FAILED and error == "cancelled":
        return _BY_STATUS[JobStatus.CANCELLED]
    return _BY_STATUS[status]
