"""The pages of a resource, from its declaration alone."""

from fastapi import APIRouter

from opsroom.core.console.records.delete_pages import add_delete
from opsroom.core.console.records.form_pages import add_create, add_update
from opsroom.core.console.records.import_pages import add_import
from opsroom.core.console.records.list_pages import add_list
from opsroom.core.console.records.record_pages import add_record
from opsroom.core.console.records.selected_pages import add_selected
from opsroom.core.resources.declaration import Resource


def pages_of(resource: Resource) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    add_list(router, resource)
    if resource.create is not None:
        # Before the page of one record, whose path would take `new` for an id.
        add_create(router, resource, resource.create)
        add_import(router, resource)
    add_record(router, resource)
    if resource.update is not None:
        add_update(router, resource, resource.update)
    if "delete" in resource.verbs:
        add_delete(router, resource)
        add_selected(router, resource)
    return router
