"""What everyone who asks for a report passes: is there such a type, may they read it, are its parameters right."""

from typing import Any

from pydantic import BaseModel, ValidationError

from opsroom.core.actor import Actor
from opsroom.core.errors import Forbidden, Invalid
from opsroom.core.reports.declaration import ReportType
from opsroom.core.reports.run import Reports


def permitted_type(reports: Reports, name: str, actor: Actor) -> ReportType[Any]:
    """
    Raises:
        NotFound, Forbidden: there is no such type, or this actor may not read reports of it.
    """
    declared = reports.declared(name)
    if not actor.may(declared.permission):
        raise Forbidden(
            f"{actor.name} may not read this type of report: it needs {declared.permission}.",
            permission=declared.permission,
        )
    return declared


def checked_parameters(declared: ReportType[Any], given: dict[str, object]) -> BaseModel:
    try:
        parameters: BaseModel = declared.parameters.model_validate(given)
    except ValidationError as error:
        named = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise Invalid(f"The report's parameters are not valid: {named}.") from None
    return parameters
