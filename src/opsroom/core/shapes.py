"""Shapes in which every field may be left out."""

from typing import Annotated, Any

from pydantic import BaseModel, Field, create_model


def patch_of(shape: type[BaseModel]) -> type[BaseModel]:
    """The body of a PATCH, from that of a POST: the same fields and field validators, none required.

    A shape with rules across fields needs a patch shape written by hand.
    """
    return _optional(shape, shape.__name__.removesuffix("Create") + "Update", base=shape)


def narrowed(shape: type[BaseModel]) -> type[BaseModel]:
    """A record as `fields=` makes it."""
    return _optional(shape, shape.__name__ + "Narrowed")


def _optional(shape: type[BaseModel], name: str, base: type[BaseModel] | None = None) -> type[BaseModel]:
    # A factory, because a plain default would be shown in the description and read as what a PATCH sets.
    fields: dict[str, Any] = {
        field_name: (
            Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation,
            Field(default_factory=lambda: None, description=field.description, examples=field.examples),
        )
        for field_name, field in shape.model_fields.items()
    }
    made: type[BaseModel] = create_model(name, __base__=base, **fields)
    return made
