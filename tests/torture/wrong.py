"""What the trials say when the product broke a promise."""


class WentWrong(Exception):  # noqa: N818  a finding, told to people
    """A sentence, or several lines, that name what is lost, doubled or missing."""


def require(condition: object, sentence: str) -> None:
    if not condition:
        raise WentWrong(sentence)
