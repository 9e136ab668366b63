"""ONNX Runtime in this process: in a thread, so that requests are answered meanwhile."""

import asyncio

from opsroom.quality.inference.backends.backend import IN_PROCESS, TimedOut
from opsroom.quality.vision.runtime import Model, new_stop
from opsroom.quality.vision.values import Outputs, Tensor


class InProcess:
    server = IN_PROCESS

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    async def run(self, model: Model, pixels: Tensor) -> Outputs:
        stop = new_stop()
        try:
            async with asyncio.timeout(self._seconds):
                return await asyncio.to_thread(model.run, pixels, stop)
        except TimeoutError:
            raise TimedOut("the model in this process", self._seconds) from None
        finally:
            stop.terminate = True  # the thread is nobody's any more if this was left early
