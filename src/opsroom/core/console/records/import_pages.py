"""A file of records in: tried first or for real, with a report of its rows."""

from collections.abc import AsyncIterator, Mapping
from pathlib import PurePath
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError
from starlette.datastructures import FormData, UploadFile

from opsroom.core.actor import Actor
from opsroom.core.auth.guards import allow
from opsroom.core.console.catalogue import route_path, title_of
from opsroom.core.console.inputs import inputs_of
from opsroom.core.console.records.place import Place, place_of
from opsroom.core.console.render import render, see_other
from opsroom.core.errors import Invalid, Refusal
from opsroom.core.jobs.models import Job
from opsroom.core.jobs.queue import TheQueue
from opsroom.core.resources.declaration import Resource
from opsroom.core.resources.jobs import LARGEST, take_file
from opsroom.core.resources.transfer import ImportAsked
from opsroom.core.storage.serve import TheBlobs
from opsroom.core.tabular.report import ImportReport
from opsroom.core.tabular.writing import Kind

PIECE = 1 << 20  # bytes
SHOWN = 200  # errors on the page


def add_import(router: APIRouter, resource: Resource) -> None:
    may_write = allow(f"{resource.permission}.write")
    path = f"{route_path(resource)}/import"

    async def ask(request: Request, actor: Annotated[Actor, may_write]) -> Response:
        return _page(request, await place_of(request, resource, actor), ImportAsked(dry_run=True))

    async def take(request: Request, blobs: TheBlobs, queue: TheQueue, actor: Annotated[Actor, may_write]) -> Response:
        place = await place_of(request, resource, actor)
        async with request.form() as form:
            try:
                asked, upload = _asked(form), _file(form)
                kind = _kind(upload)
                file = await blobs.receive(_pieces(upload), LARGEST)
                # Its own transaction: a refusal that is shown in the form must leave nothing behind.
                async with place.names.database.transaction() as session:
                    done = await take_file(
                        session,
                        queue,
                        blobs,
                        resource,
                        path=file,
                        kind=kind,
                        asked=asked,
                        place=(actor, place.parent_id),
                    )
            except Refusal as refusal:
                return _page(request, place, ImportAsked(dry_run=True), refusal=refusal.sentence, status=refusal.status)
        if isinstance(done, Job):
            return see_other(f"/console/jobs/{done.id}", "The file is large; this job imports it.")
        return _page(request, place, asked, report=done, name=upload.filename or "")

    router.add_api_route(path, ask, methods=["GET"], name=f"console_ask_import_{resource.several}")
    router.add_api_route(path, take, methods=["POST"], name=f"console_import_{resource.several}")


def _asked(form: FormData) -> ImportAsked:
    sent: Mapping[str, Any] = {
        "dry_run": "dry_run" in form,
        "replace": "replace" in form,
        "bad_rows": form.get("bad_rows") or "refuse",
    }
    try:
        return ImportAsked.model_validate(sent)
    except ValidationError as error:
        raise Invalid(f"bad_rows: {error.errors()[0]['msg']}.", field="bad_rows") from None


def _file(form: FormData) -> UploadFile:
    """A browser sends a file field that was left empty as a file without a name."""
    upload = form.get("file")
    if not isinstance(upload, UploadFile) or not upload.filename:
        raise Invalid("Choose a file.", field="file")
    return upload


def _kind(upload: UploadFile) -> Kind:
    """By the end of its name; what browsers call the types of such files differs between systems."""
    suffix = PurePath(upload.filename or "").suffix.removeprefix(".").lower()
    if suffix not in set(Kind):
        raise Invalid(f"The name of the file must end in {', '.join(f'.{kind}' for kind in Kind)}.", field="file")
    return Kind(suffix)


async def _pieces(upload: UploadFile) -> AsyncIterator[bytes]:
    while piece := await upload.read(PIECE):
        yield piece


def _page(
    request: Request,
    place: Place,
    asked: ImportAsked,
    *,
    report: ImportReport | None = None,
    name: str = "",
    refusal: str = "",
    status: int = 200,
) -> Response:
    resource = place.resource
    failed = report is not None and not report.applied and not asked.dry_run
    return render(
        request,
        "records/import.html",
        status=422 if failed else status,
        **place.values(),
        asked=asked,
        report=report,
        errors=report.errors[:SHOWN] if report else (),
        name=name,
        refusal=refusal,
        columns=inputs_of(resource.create) if resource.create else (),
        header=",".join(resource.create.model_fields) if resource.create else "",
        crumbs=[*place.crumbs(), (title_of(resource), place.path)],
    )
