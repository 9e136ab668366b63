"""What the database itself refuses, or does by itself, said where a table is declared and made for both engines.

__table_args__ = (..., {"info": ruled(states("status", {...}), Rule("quantity_stays", "UPDATE", "...", "A sentence."))})

Conditions and statements are SQL that both engines read: `OLD.x`, `NEW.x`, comparisons by IS DISTINCT FROM and
subqueries; no function that only one of them has. Rules are asked before the row is written, consequences follow it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from sqlalchemy import Table

MARK = "rules"
PREFIX = "rule_"  # of every trigger of ours, and no other
BROKEN = re.compile(r"(?P<kind>rule|lock) (?P<name>[a-z0-9_]+): (?P<sentence>[^\n]+)")

Verb: TypeAlias = Literal["INSERT", "UPDATE", "DELETE"]
VERBS: tuple[Verb, ...] = ("INSERT", "UPDATE", "DELETE")


@dataclass(frozen=True, slots=True)
class Rule:
    """`when` this holds of a row that is about to be written, the statement is refused with the sentence.

    kind: a broken rule is a conflict (409); what a lock keeps is locked (423)
    """

    name: str
    verb: Verb
    when: str
    sentence: str
    kind: Literal["rule", "lock"] = "rule"

    @property
    def message(self) -> str:
        return f"{self.kind} {self.name}: {self.sentence}".replace("'", "''")


@dataclass(frozen=True, slots=True)
class Consequence:
    """`when` this holds of a row that was written, the statement is run too."""

    name: str
    verb: Verb
    when: str
    statement: str


@dataclass(frozen=True, slots=True)
class States:
    """A column that begins with one of `initial` and moves only as `moves` says."""

    column: str
    initial: tuple[str, ...]
    moves: Mapping[str, tuple[str, ...]]

    def allows(self, before: str, after: str) -> bool:
        return before == after or after in self.moves[before]

    def rules(self) -> tuple[Rule, Rule]:
        ways = " OR ".join(
            f"(OLD.{self.column} = '{before}' AND NEW.{self.column} IN ({_listed(after)}))"
            for before, after in self.moves.items()
            if after
        )
        moved = f"NEW.{self.column} <> OLD.{self.column}"
        return (
            Rule(
                f"{self.column}_begins",
                "INSERT",
                f"NEW.{self.column} NOT IN ({_listed(self.initial)})",
                f"A new record has the {self.column} {' or '.join(self.initial)}.",
            ),
            Rule(
                f"{self.column}_moves",
                "UPDATE",
                f"{moved} AND NOT ({ways})",
                f"The {self.column} does not move in this way.",
            ),
        )


Declared: TypeAlias = Rule | Consequence | States


def ruled(*declared: Declared) -> dict[str, Any]:
    return {MARK: declared}


def changed(names: Iterable[str]) -> str:
    """The condition that one of these columns gets another value."""
    return " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in names)


def states_of(table: Table) -> dict[str, States]:
    """The state machines of a table by their column."""
    return {each.column: each for each in table.info.get(MARK, ()) if isinstance(each, States)}


def rules_of(table: Table) -> list[Rule]:
    found: list[Rule] = []
    for each in table.info.get(MARK, ()):
        found += each.rules() if isinstance(each, States) else [each] if isinstance(each, Rule) else []
    return found


def consequences_of(table: Table) -> list[Consequence]:
    return [each for each in table.info.get(MARK, ()) if isinstance(each, Consequence)]


def rule_statements(table: Table, dialect: str) -> list[str]:
    """Statements that make the triggers of a table with rules anew; none for another table."""
    rules, consequences = rules_of(table), consequences_of(table)
    if dialect == "postgresql":
        made = _on_postgresql(table.name, "BEFORE", {verb: _refusals(rules, verb) for verb in VERBS}) if rules else []
        after = {verb: _effects(consequences, verb) for verb in VERBS}
        return made + (_on_postgresql(table.name, "AFTER", after) if consequences else [])
    made = [sql for verb in VERBS for sql in _refusals_on_sqlite(table.name, verb, rules)]
    return made + [sql for each in consequences for sql in _on_sqlite(table.name, each)]


def _refusals(rules: Iterable[Rule], verb: Verb) -> list[str]:
    return [
        f"IF {rule.when} THEN RAISE EXCEPTION USING MESSAGE = '{rule.message}', ERRCODE = 'check_violation', "
        f"CONSTRAINT = '{rule.name}'; END IF;"
        for rule in rules
        if rule.verb == verb
    ]


def _effects(consequences: Iterable[Consequence], verb: Verb) -> list[str]:
    return [f"IF {each.when} THEN {each.statement}; END IF;" for each in consequences if each.verb == verb]


def _on_postgresql(table: str, time: str, by_verb: Mapping[Verb, list[str]]) -> list[str]:
    name = f"{PREFIX}{time.lower()}_{table}"
    branches = "\n".join(
        f"    IF TG_OP = '{verb}' THEN\n        {chr(10).join(lines)}\n    END IF;"
        for verb, lines in by_verb.items()
        if lines
    )
    occasion = " OR ".join(verb for verb, lines in by_verb.items() if lines)
    return [
        (
            f"CREATE OR REPLACE FUNCTION opsroom_{name}() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN\n{branches}\n"
            "    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;\n    RETURN NEW;\nEND $$"
        ),
        f"CREATE OR REPLACE TRIGGER {name} {time} {occasion} ON {table} FOR EACH ROW EXECUTE FUNCTION opsroom_{name}()",
    ]


def _refusals_on_sqlite(table: str, verb: Verb, rules: Iterable[Rule]) -> list[str]:
    """One trigger for all rules of a verb: SQLite fires several in no order that one could rely on."""
    asked = [rule for rule in rules if rule.verb == verb]
    if not asked:
        return []
    name = f"{PREFIX}before_{verb.lower()}_{table}"
    body = " ".join(f"SELECT RAISE(ABORT, '{rule.message}') WHERE {rule.when};" for rule in asked)
    return [
        f"DROP TRIGGER IF EXISTS {name}",
        f"CREATE TRIGGER {name} BEFORE {verb} ON {table} FOR EACH ROW BEGIN {body} END",
    ]


def _on_sqlite(table: str, each: Consequence) -> list[str]:
    name = f"{PREFIX}after_{each.verb.lower()}_{table}_{each.name}"
    occasion = f"AFTER {each.verb} ON {table} FOR EACH ROW WHEN {each.when}"
    return [f"DROP TRIGGER IF EXISTS {name}", f"CREATE TRIGGER {name} {occasion} BEGIN {each.statement}; END"]


def _listed(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)
