"""Letters: written when their report has ended, sent by a job each, repeated with growing waits while that fails.

A letter that was sent but not written down as sent (a worker died in between) comes twice, with the same Message-ID.
"""

from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.clock import now
from opsroom.core.errors import Unavailable
from opsroom.core.jobs.handler import JobType, Permanent, Retry, Run
from opsroom.core.mail import NotSent
from opsroom.core.parts import Parts
from opsroom.core.reports.models import Report
from opsroom.core.schedules.models import LetterStatus, ReportLetter
from opsroom.core.storage.models import Artifact

SEND = "reports.send"
# 30 s, 1 min, 2 min … 2 h: given up after some eight hours.
RETRY = Retry(attempts=11, base=timedelta(seconds=30), longest=timedelta(hours=2))
LARGEST_ATTACHMENT = 10 << 20  # bytes; what most servers take


class Send(BaseModel):
    letter_id: UUID


class Letters:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        parts.reports.when_ended(self._report_ended)

    def job_type(self) -> JobType[Send, None]:
        return JobType(
            name=SEND, payload=Send, compute=self._compute, save=self._save, failed=self._failed, retry=RETRY
        )

    async def _report_ended(self, session: AsyncSession, report_id: UUID) -> None:
        waiting = select(ReportLetter).where(
            ReportLetter.report_id == report_id, ReportLetter.status == LetterStatus.WAITING
        )
        for letter in (await session.scalars(waiting)).all():
            job = await self._parts.queue.add(session, SEND, Send(letter_id=letter.id))
            letter.job_id = job.id

    async def _compute(self, payload: Send, _run: Run) -> None:
        async with self._parts.database.transaction() as session:
            letter = await session.get(ReportLetter, payload.letter_id)
            report = await session.get(Report, letter.report_id) if letter else None
            artifact = await session.get(Artifact, report.artifact_id) if report and report.artifact_id else None
        if letter is None or report is None:
            raise Permanent("The report was removed.")
        try:
            message = await self._message(letter, report, artifact)
            await self._parts.mailer.send(message)
        except (NotSent, Unavailable) as error:
            await self._write_down(payload, str(error))
            if isinstance(error, NotSent) and error.is_final:
                raise Permanent(str(error)) from error
            raise

    async def _message(self, letter: ReportLetter, report: Report, artifact: Artifact | None) -> EmailMessage:
        message = EmailMessage()
        message["To"] = letter.recipient
        message["Subject"] = letter.subject if artifact else f"{letter.subject}: not made"
        message["Date"] = format_datetime(now())
        message["Message-ID"] = f"<{letter.id}@opsroom>"
        attached = artifact is not None and letter.attach and artifact.size_bytes <= LARGEST_ATTACHMENT
        message.set_content(self._words(letter, report, artifact, attached=attached))
        if artifact is not None and attached:
            path = await self._parts.blobs.fetch(artifact.sha256)
            try:
                kind, _, subtype = artifact.media_type.partition(";")[0].partition("/")
                message.add_attachment(path.read_bytes(), maintype=kind, subtype=subtype, filename=artifact.name)
            finally:
                path.unlink(missing_ok=True)
        return message

    def _words(self, letter: ReportLetter, report: Report, artifact: Artifact | None, *, attached: bool) -> str:
        if artifact is None:
            first = f"The report {report.type} could not be made: {report.error or 'no reason was given'}."
        else:
            at = f", as of {report.as_of:%Y-%m-%d %H:%M} UTC" if report.as_of else ""
            first = f"{report.type}{at}: {report.row_count or 0:,} rows."
        where = "" if attached else f"\n{self._parts.options['public_url'].rstrip('/')}/console/reports/{report.id}\n"
        why = f"Sent because {letter.recipient} is a recipient of the schedule “{letter.subject}”."
        return f"{first}\n{where}\n{why}\n"

    async def _write_down(self, payload: Send, error: str) -> None:
        async with self._parts.database.transaction() as session:
            await _tried(session, payload, error)

    async def _save(self, session: AsyncSession, payload: Send, _sent: None, _run: Run) -> dict[str, Any] | None:
        letter = await _tried(session, payload, None)
        if letter is not None:
            letter.status = LetterStatus.SENT
            letter.sent_at = now()
        return None

    async def _failed(self, session: AsyncSession, payload: Send, reason: str, _run: Run) -> None:
        letter = await session.get(ReportLetter, payload.letter_id)
        if letter is not None:
            letter.status = LetterStatus.FAILED
            letter.error = reason


async def _tried(session: AsyncSession, payload: Send, error: str | None) -> ReportLetter | None:
    letter = await session.get(ReportLetter, payload.letter_id, with_for_update=True)
    if letter is not None:
        letter.attempts += 1
        letter.tries = [*letter.tries, {"at": now().isoformat(), "error": error}]
        letter.error = error
    return letter
