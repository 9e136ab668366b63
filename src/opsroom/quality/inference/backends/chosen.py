"""The backend that the settings name."""

import importlib
from collections.abc import Mapping
from typing import Any

from opsroom.core.errors import WrongSetting
from opsroom.quality.inference.backends.backend import Backend
from opsroom.quality.inference.backends.in_process import InProcess
from opsroom.quality.inference.backends.open_http import OpenInferenceHttp

GRPC = "opsroom.quality.inference.backends.open_grpc"


def chosen_backend(options: Mapping[str, Any]) -> Backend:
    """
    Raises:
        WrongSetting: a gRPC server is named, and the library for that is not there.
    """
    url: str | None = options["inference_url"]
    seconds: float = options["inference_timeout"]
    if url is None:
        return InProcess(seconds)
    if url.startswith("http"):
        return OpenInferenceHttp(url, seconds)
    try:
        found: Backend = importlib.import_module(GRPC).OpenInferenceGrpc(url, seconds)
    except ModuleNotFoundError as missing:
        raise WrongSetting(
            f"OPSROOM_INFERENCE_URL: {url} takes {missing.name}, which is not installed; pip install opsroom[grpc]"
        ) from None
    return found
