"""A signature speaks of a record as it was: when the record changes, the database itself marks it superseded."""


def supersedes(*records: str) -> str:
    """The statement that marks signatures of these records; each is an SQL expression that gives an id."""
    marked = "superseded_at = CURRENT_TIMESTAMP, version = version + 1"
    those = f"superseded_at IS NULL AND record_id IN ({', '.join(records)})"
    return f"UPDATE signatures SET {marked} WHERE {those}"  # noqa: S608  columns of ours


def of_inspection(expression: str) -> tuple[str, str]:
    """An inspection and its lot: what is found in one speaks of both."""
    return expression, f"(SELECT lot_id FROM inspections WHERE id = {expression})"  # noqa: S608  as above
