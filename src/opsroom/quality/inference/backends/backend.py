"""Where a model is run, and the two ways in which that fails."""

from typing import Protocol

from opsroom.core.jobs.handler import Permanent
from opsroom.quality.vision.runtime import Model
from opsroom.quality.vision.values import Outputs, Tensor

IN_PROCESS = "onnx"
NO_ANSWER = "No answer within"


class ServerAway(Exception):  # noqa: N818  may be back in a moment
    """The server does not answer, or says that it cannot now; trying again can help."""


class TimedOut(ServerAway):
    def __init__(self, server: str, seconds: float) -> None:
        super().__init__(f"{NO_ANSWER} {seconds:g} seconds from {server}.")


class ServerRefused(Permanent):
    """The server does not know the model, or the model takes something else; it will say so again."""


def is_time_out(sentence: str) -> bool:
    return sentence.startswith(NO_ANSWER)


class Backend(Protocol):
    """server: what is written down with each run"""

    server: str

    async def run(self, model: Model, pixels: Tensor) -> Outputs:
        """
        Raises:
            ServerAway: trying again can help.
            ServerRefused, UnusableOutput: it cannot.
        """
