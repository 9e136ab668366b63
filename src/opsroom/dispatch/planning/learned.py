"""What was learned of policies, as part of what is believed: a decision made with it is made again with it."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ValueCell:
    """Orders to an area with so many decisions left came to `share` of carrying them alone."""

    area: str
    steps: int
    share: float
    observations: int


@dataclass(frozen=True, slots=True)
class Learned:
    """Of one policy, by its name; `number` is the version, `kind` the class of policy the parameters are of."""

    policy: str
    number: int
    kind: str
    parameters: dict[str, int | float] = field(default_factory=dict)
    values: tuple[ValueCell, ...] = ()
