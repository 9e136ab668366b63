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


# Usual words of usual states, so that most tables need not say how theirs look.
_WORDS = {
    "up": "up active succeeded complete completed done delivered accepted released passed",
    "down": "down failed rejected lost broken refused overdue missed late",
    "waiting": "waiting pending queued draft planned requested",
    "running": "running started sending in_progress underway under_way dispatched",
    "excused": "excused cancelled canceled skipped superseded expired archived closed inactive retired",
    "held": "held on_hold hold blocked quarantined suspended locked",
    "unknown": "unknown",
}
_KINDS = {word: kind for kind, listed in _WORDS.items() for word in listed.split()}


def kind_of_word(word: str) -> str:
    """The kind of badge for a word that a table keeps; empty for a word that is no state."""
    return _KINDS.get(word, "")
