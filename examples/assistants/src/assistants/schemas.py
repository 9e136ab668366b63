"""What crosses the boundary: shapes of requests and answers, with their rules."""

from collections import Counter
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints, field_validator

from assistants.models import EntityKind

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class Term(BaseModel):
    """A value, and what people say when they mean it."""

    value: Name
    synonyms: list[Name] = Field(default_factory=list)


class AssistantCreate(BaseModel):
    name: Name = Field(examples=["Weather"])
    language: str = Field(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$", examples=["en", "sw-KE"])
    greeting: str | None = Field(None, max_length=500)


class AssistantRead(AssistantCreate):
    id: UUID
    language: str
    created_at: datetime
    updated_at: datetime
    version: int


class EntityCreate(BaseModel):
    name: Name = Field(examples=["city"])
    kind: EntityKind
    terms: list[Term] = Field(default_factory=list, examples=[[{"value": "Nairobi", "synonyms": ["NBO"]}]])

    @field_validator("terms")
    @classmethod
    def _each_means_one_thing(cls, terms: list[Term]) -> list[Term]:
        said = Counter(word.casefold() for term in terms for word in {term.value, *term.synonyms})
        if twice := sorted(word for word, times in said.items() if times > 1):
            raise ValueError(f"{', '.join(twice)} would mean two values; expected each word once")
        return terms


class EntityRead(BaseModel):
    id: UUID
    assistant_id: UUID
    name: str
    kind: EntityKind
    terms: list[Term]
    created_at: datetime
    updated_at: datetime
    version: int
