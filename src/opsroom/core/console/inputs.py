"""What a person is asked for, from a declared shape: an input for each field of its JSON schema."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel, NaiveDatetime
from pydantic.fields import FieldInfo

LONG = 300  # characters; a text that may have more gets several lines
PROSE = ("note", "notes", "reason", "description", "comment", "text", "body", "message")
ACRONYMS = frozenset({"api", "id", "ip", "sla", "url", "utc"})
YES_NO = (("true", "yes"), ("false", "no"))


class Form(StrEnum):
    """How a value is written in an input. INSTANT is in the viewer's zone, WALL in none."""

    TEXT = "text"
    YES = "yes"
    NUMBER = "number"
    LIST = "list"
    JSON = "json"
    INSTANT = "instant"
    WALL = "wall"


SIMPLE = {"boolean": Form.YES, "integer": Form.NUMBER, "number": Form.NUMBER}


@dataclass(frozen=True, slots=True)
class Input:
    """kind: an HTML input type, `select` or `textarea`; attributes: of HTML, such as `max`
    inside: of a part of a shape within the shape, the field that holds that; `always` there, if it has a default
    """

    name: str
    label: str
    kind: str
    form: Form
    default: str
    hint: str
    required: bool
    nullable: bool
    options: tuple[tuple[str, str], ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    inside: str = ""
    always: bool = False

    @property
    def part(self) -> str:
        return self.name.rpartition(".")[2]


@cache
def inputs_of(shape: type[BaseModel]) -> tuple[Input, ...]:
    schema = shape.model_json_schema()
    required = frozenset(schema.get("required", ()))
    found: list[Input] = []
    for name, declared in schema.get("properties", {}).items():
        info = shape.model_fields.get(name)
        parts = _parts(name, declared, schema, info, is_required=name in required)
        found += parts or [_input(name, declared, schema, info, is_required=name in required)]
    return tuple(found)


def _parts(
    name: str, declared: Mapping[str, Any], schema: Mapping[str, Any], info: FieldInfo | None, *, is_required: bool
) -> list[Input]:
    """The inputs of a shape within the shape, such as `time_window.start`; deeper ones are written as JSON."""
    core = _core(declared, schema)
    inner = _shape_in(info.annotation) if info is not None else None
    if inner is None:
        return []
    default = declared.get("default")
    given = default if isinstance(default, dict) else {}
    needed = core.get("required", ()) if is_required else ()
    found = []
    for part, each in core.get("properties", {}).items():
        one = {**each, "default": given[part]} if part in given else each
        made = _input(f"{name}.{part}", one, schema, inner.model_fields.get(part), is_required=part in needed)
        label = f"{label_of(name)}: {in_sentence(part)}"
        found.append(replace(made, label=label, inside=name, always=isinstance(default, dict)))
    return found


def _shape_in(annotation: Any) -> type[BaseModel] | None:
    """The shape in `Shape`, `Shape | None` or an annotated one; not one of several, nor of a list."""
    if isinstance(annotation, type) and not get_args(annotation):
        return annotation if issubclass(annotation, BaseModel) else None
    parts = [part for part in get_args(annotation) if part is not type(None)]
    return _shape_in(parts[0]) if len(parts) == 1 and not isinstance(annotation, type) else None


def _input(
    name: str, declared: Mapping[str, Any], schema: Mapping[str, Any], info: FieldInfo | None, *, is_required: bool
) -> Input:
    core = _core(declared, schema)
    nullable = any(part.get("type") == "null" for part in declared.get("anyOf", ()))
    form = _form(core, schema, info)
    kind = _kind(name, core, form, nullable=nullable)
    return Input(
        name=name,
        label=label_of(name),
        kind=kind,
        form=form,
        default=_default(declared.get("default"), form),
        hint=_hint(declared, core, form),
        required=is_required and kind != "checkbox",
        nullable=nullable,
        options=_options(core, nullable=nullable) if kind == "select" else (),
        attributes=_attributes(core, declared, kind),
    )


def label_of(name: str) -> str:
    """`is_active` → Active, `sla_policy` → SLA policy."""
    words = name.removeprefix("is_").split("_")
    words[0] = words[0].capitalize()
    return " ".join(word.upper() if word.lower() in ACRONYMS else word for word in words)


def in_sentence(name: str) -> str:
    """The same words where they do not begin a sentence."""
    words = label_of(name)
    return words if words.split()[0].isupper() else words[0].lower() + words[1:]


def _core(declared: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The part that says the type: behind a reference, or beside null."""
    for part in declared.get("anyOf", ()):
        if part.get("type") != "null":
            return _core(part, schema)
    if "$ref" in declared:
        found: Mapping[str, Any] = schema["$defs"][declared["$ref"].rpartition("/")[2]]
        return found
    return declared


def _form(core: Mapping[str, Any], schema: Mapping[str, Any], info: FieldInfo | None) -> Form:
    kind = "string" if "enum" in core or "const" in core else core.get("type")
    if kind in SIMPLE:
        return SIMPLE[kind]
    if kind == "array" and _core(core.get("items", {}), schema).get("type") == "string":
        return Form.LIST
    if kind != "string":
        return Form.JSON
    if core.get("format") == "date-time":
        # The schema calls both kinds of time the same.
        return Form.WALL if info is not None and _mentions(info.annotation, NaiveDatetime) else Form.INSTANT
    return Form.TEXT


def _mentions(annotation: Any, wanted: Any) -> bool:
    return annotation is wanted or any(_mentions(part, wanted) for part in get_args(annotation))


def _kind(name: str, core: Mapping[str, Any], form: Form, *, nullable: bool) -> str:
    if "enum" in core or "const" in core:
        return "select"
    by_form = {
        Form.YES: "select" if nullable else "checkbox",
        Form.NUMBER: "number",
        Form.JSON: "textarea",
        Form.INSTANT: "datetime-local",
        Form.WALL: "datetime-local",
    }
    if form in by_form:
        return by_form[form]
    if core.get("format") in {"date", "time", "password"}:
        return str(core["format"])
    if name.endswith("password"):
        return "password"
    is_long = core.get("maxLength", 0) > LONG or name.endswith(PROSE)
    return "textarea" if is_long and form is Form.TEXT else "text"


def _options(core: Mapping[str, Any], *, nullable: bool) -> tuple[tuple[str, str], ...]:
    """The values, and an empty one where nothing may be chosen."""
    listed = core["enum"] if "enum" in core else [core["const"]] if "const" in core else []
    values = tuple((str(value), str(value).replace("_", " ")) for value in listed) or YES_NO
    return (("", "none"), *values) if nullable else values


def _attributes(core: Mapping[str, Any], declared: Mapping[str, Any], kind: str) -> dict[str, str]:
    found: dict[str, str] = {}
    if kind == "number":
        found["step"] = "1" if core.get("type") == "integer" else "any"
        found |= {html: str(core[word]) for html, word in (("min", "minimum"), ("max", "maximum")) if word in core}
    elif kind in {"datetime-local", "time"}:
        found["step"] = "any"
    elif kind in {"text", "textarea", "password"} and "maxLength" in core:
        found["maxlength"] = str(core["maxLength"])
    if kind == "password":
        found["autocomplete"] = "new-password"
    examples = declared.get("examples")
    if kind == "text" and examples and isinstance(examples[0], str):
        found["placeholder"] = f"such as {examples[0]}"
    return found


def _hint(declared: Mapping[str, Any], core: Mapping[str, Any], form: Form) -> str:
    """What the declaration says; of a shape inside the shape its own words say nothing about the field."""
    said = [str(declared["description"]).replace("`", "")] if "description" in declared else []
    if form is Form.LIST:
        said.append("several are separated by commas")
    elif form is Form.JSON:
        kind = core.get("type", "")
        said.append({"array": "a JSON array", "object": "a JSON object"}.get(kind, "JSON"))
    return "; ".join(said)


def _default(default: Any, form: Form) -> str:
    if default is None or default is False:
        return ""
    if default is True:
        return "true"
    if form is Form.LIST:
        return ", ".join(str(each) for each in default)
    return json.dumps(default) if isinstance(default, dict | list) else str(default)
