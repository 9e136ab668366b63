"""Creating and changing a record by one statement, its own transaction, with nothing of the framework around it.

Whatever takes more gives None, if only to be told what is wrong, and goes the usual way.
"""

from fastapi import Response

from opsroom.core.answers import item_response, plain_body, seen_versions
from opsroom.core.db.lists import Item
from opsroom.core.db.values import storable
from opsroom.core.db.writing import change_alone, insert_alone
from opsroom.core.resources.calls import Call
from opsroom.core.resources.crud import change_of, placed


async def create_directly(call: Call) -> Response | None:
    resource = call.resource
    body = None if resource.prepare else await plain_body(call.request, resource.create)
    if body is None:
        return None
    given = storable(resource.table, placed(resource, body.model_dump(), call.parent_id))
    item = await insert_alone(call.database, resource.view, given)
    return None if item is None else created(call, item)


async def update_directly(call: Call) -> Response | None:
    resource = call.resource
    body = None if resource.prepare else await plain_body(call.request, resource.update)
    if body is None or not body.model_fields_set:
        return None
    given = storable(resource.table, body.model_dump(exclude_unset=True))
    change, place = change_of(resource, call.key, given, call.parent_id, seen_versions(call.request))
    item = await change_alone(call.database, resource.view, change, resource.rule(call.actor), place)
    return None if item is None else item_response(item)


def created(call: Call, item: Item) -> Response:
    path = call.request.url.path.rstrip("/")
    return item_response(item, 201, {"Location": f"{path}/{item.record['id']}"})
