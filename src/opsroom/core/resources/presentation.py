"""How the console shows a resource; every part has a default."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Presentation:
    """
    title: the question at the head of the list, by default "Which stores are there?"
    lead: a sentence below it
    label: the field whose value names a record to people; by default the key, else the first field that is searched
    columns: of the list, unless the viewer chose others; by default what is short and not bookkeeping
    labels: words for fields, where the field's own name is no good one
    kinds: by field, the kind of badge of each value: `{"status": {"lost": "down"}}`; usual words have theirs already
    page: another page that shows one record, with fields of the record in braces: `/console/jobs/{id}`;
        links lead there instead of to the generic page
    links: further pages about a record: `(("Week", "/console/stores/{external_id}"),)`
    aside: a template of your own, shown on the record's page with `record` and `resource`
    listed: whether it stands in the rail
    searched: whether the search of the top line looks here; not worth it for tables of millions
    """

    title: str = ""
    lead: str = ""
    label: str = ""
    columns: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    page: str = ""
    links: tuple[tuple[str, str], ...] = ()
    aside: str = ""
    listed: bool = True
    searched: bool = True


AS_IT_IS = Presentation()
