"""Statements that SQLAlchemy compiles once and the bare driver runs many times."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import ClauseElement, Dialect, Select
from sqlalchemy.dialects import registry
from sqlalchemy.sql.compiler import SQLCompiler

from opsroom.core.db.direct import Direct, Rows

Convert = Callable[[Any], Any] | None

DIALECTS: dict[str, Dialect] = {
    "postgresql": registry.load("postgresql.asyncpg")(),
    "sqlite": registry.load("sqlite.aiosqlite")(),
}


@dataclass(frozen=True, slots=True)
class Compiled:
    """A statement as text.

    order: the names of the values it wants, in the driver's order
    prepare: what makes each value ready for the driver
    constants: values that stood in the statement itself; those given when it runs go first
    expanding: what writes the statement anew for each run, if a list of any length stands in it
    """

    sql: str
    order: tuple[str, ...]
    prepare: Mapping[str, Convert]
    constants: Mapping[str, Any]
    expanding: SQLCompiler | None = None

    async def run(self, direct: Direct, values: Mapping[str, Any]) -> Rows:
        return await direct.fetch(*self.ready(values))

    def ready(self, values: Mapping[str, Any]) -> tuple[str, tuple[Any, ...]]:
        """Text and arguments for the driver."""
        values = {**self.constants, **values}
        if self.expanding is not None:
            return self._expanded(self.expanding, values)
        return self.sql, tuple([_prepared(self.prepare[name], values[name]) for name in self.order])

    def _expanded(self, compiler: SQLCompiler, values: dict[str, Any]) -> tuple[str, tuple[Any, ...]]:
        state = compiler.construct_expanded_state(values)
        prepare = dict(self.prepare)
        for name, parts in state.parameter_expansion.items():
            prepare |= dict.fromkeys(parts, self.prepare[name])
        arguments = (_prepared(prepare[name], state.parameters[name]) for name in state.positiontup or ())
        return state.statement, tuple(arguments)


@dataclass(frozen=True, slots=True)
class TypedRead:
    """A compiled statement whose rows become dictionaries of Python values, as SQLAlchemy would give them."""

    compiled: Compiled
    columns: tuple[tuple[str, Convert], ...]

    async def first(self, direct: Direct, values: Mapping[str, Any]) -> dict[str, Any] | None:
        rows = await self.compiled.run(direct, values)
        if not rows:
            return None
        pairs = zip(self.columns, rows[0], strict=True)
        return {name: _prepared(convert, value) for (name, convert), value in pairs}


@lru_cache(64)
def typed_read(statement: Select[Any], dialect_name: str) -> TypedRead:
    """Keeps what it compiled: for statements made once, at import."""
    dialect = DIALECTS[dialect_name]
    columns = tuple(
        (column.name, column.type.dialect_impl(dialect).result_processor(dialect, None))
        for column in statement.selected_columns
    )
    return TypedRead(compile_for(statement, dialect_name), columns)


def compile_for(statement: ClauseElement, dialect_name: str, *, raw: frozenset[str] = frozenset()) -> Compiled:
    """Compile for one engine. Values named in `raw` reach the driver as they are."""
    dialect = DIALECTS[dialect_name]
    compiler = statement.compile(dialect=dialect)
    assert isinstance(compiler, SQLCompiler)  # noqa: S101  so do all statements but those that change the schema
    prepare = {
        name: None if name in raw else bind.type.dialect_impl(dialect).bind_processor(dialect)
        for bind, name in compiler.bind_names.items()
    }
    constants = {name: bind.effective_value for bind, name in compiler.bind_names.items() if not bind.required}
    expanding = compiler if compiler.post_compile_params else None
    return Compiled(compiler.string, tuple(compiler.positiontup or ()), prepare, constants, expanding)


def _prepared(convert: Convert, value: Any) -> Any:
    return value if convert is None else convert(value)
