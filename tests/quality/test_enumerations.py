"""Sixteen enumerations, with the number of words each was asked to have, in the database and in OpenAPI."""

from enum import EnumType

import pytest
from fastapi import FastAPI
from sqlalchemy import Enum, Table

from opsroom.core.audit.models import Action, AuditEntry, Level
from opsroom.core.db.base import Base
from opsroom.core.reports.models import Report, ReportFormat, ReportStatus
from opsroom.core.storage.models import Artifact, ArtifactType
from opsroom.quality import kinds
from opsroom.quality.resources import RESOURCES

COUNTS: dict[EnumType, int] = {
    kinds.PartType: 5,
    kinds.LotStatus: 5,
    kinds.InspectionType: 6,
    kinds.InspectionStatus: 5,
    kinds.DefectType: 11,
    kinds.Severity: 4,
    kinds.DetectionMethod: 4,
    kinds.ReviewStatus: 5,
    kinds.InferenceStatus: 6,
    ArtifactType: 6,
    kinds.QualityReport: 6,
    ReportStatus: 4,
    Action: 6,
    Level: 5,
}
IN_TABLES = [(table, column.name) for table in (r.table for r in RESOURCES) for column in table.columns]


@pytest.mark.parametrize("enumeration", COUNTS, ids=lambda each: each.__name__)
def test_an_enumeration_has_its_number_of_words_in_lower_snake_case(enumeration: EnumType) -> None:
    words = [str(member.value) for member in enumeration]  # type: ignore[var-annotated]  # of any enumeration
    assert len(words) == COUNTS[enumeration]
    assert all(word == word.lower() and word.replace("_", "").isalpha() for word in words)


@pytest.mark.parametrize("model", [Artifact, Report, AuditEntry])
def test_the_enumerations_of_the_platform_are_constrained_too(model: type[Base]) -> None:
    table = model.__table__
    assert isinstance(table, Table)
    assert all(c.type.create_constraint for c in table.columns if isinstance(c.type, Enum))


def test_every_enumeration_of_a_record_is_enumerated_in_openapi(app: FastAPI) -> None:
    schemas = app.openapi()["components"]["schemas"]
    for resource in RESOURCES:
        properties = schemas[resource.read.__name__]["properties"]
        for column in resource.table.columns:
            if not isinstance(column.type, Enum) or column.name not in properties:
                continue
            described = properties[column.name]
            references = [
                each.get("$ref", "") for each in (described, *described.get("anyOf", ()), *described.get("allOf", ()))
            ]
            (name,) = [reference.rpartition("/")[2] for reference in references if reference]
            assert schemas[name]["enum"] == column.type.enums, f"{resource.read.__name__}.{column.name}"


def test_report_formats_are_words_too() -> None:
    assert {"csv", "json"} <= {str(each.value) for each in ReportFormat}
