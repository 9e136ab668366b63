"""Models of ONNX files, run in this process."""

import hashlib
import importlib.resources
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from opsroom.quality.vision.decoding import NAMES, outputs_from
from opsroom.quality.vision.values import Contract, Outputs, Tensor, UnusableModel

INPUT = "pixels"
SMALLEST, LARGEST = 32, 2048  # pixels a side of an input
LARGEST_FILE = 64 << 20  # bytes
EXPECTED = "expected float32 [batch, 1, height, width] named pixels"


class Stop(Protocol):
    """onnxruntime's own options of a run; setting `terminate` ends it."""

    terminate: bool


@dataclass(frozen=True)
class Model:
    sha256: str
    size_bytes: int
    contract: Contract
    session: Any

    def run(self, pixels: Tensor, stop: Stop | None = None) -> Outputs:
        """Blocking. `stop` ends it early when its `terminate` is set from another thread.

        Raises:
            UnusableModel: it fails on this input.
            UnusableOutput: it gave something else than it said it would.
        """
        try:
            arrays = self.session.run(NAMES, {INPUT: pixels}, stop)
        except Exception as error:  # noqa: BLE001  as in `load`
            raise UnusableModel(f"The model failed: {_first_line(error)}") from None
        return outputs_from(dict(zip(NAMES, arrays, strict=True)), self.contract, len(pixels))


def load(content: bytes, threads: int = 2) -> Model:
    """Read a model. Its weights must be in the file itself: nothing else is opened.

    Raises:
        UnusableModel: it is none, or not one that finds flaws in grey images.
    """
    if len(content) > LARGEST_FILE:
        raise UnusableModel(f"The model has {len(content)} bytes; at most {LARGEST_FILE} are loaded.")
    runtime = _onnxruntime()
    options = runtime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 4
    # Threads that wait for work by spinning would take a processor from the requests beside them.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001  the library raises a class of its own for each kind of damage
        raise UnusableModel(f"The file is no ONNX model that can be run: {_first_line(error)}") from None
    return Model(hashlib.sha256(content).hexdigest(), len(content), _contract(session), session)


def new_stop() -> Stop:
    stop: Stop = _onnxruntime().RunOptions()
    return stop


def shipped() -> bytes:
    """The model that comes with the program; docs/models/surface-defects.md tells what it is good for."""
    return importlib.resources.files(__package__).joinpath("surface-defects-1.onnx").read_bytes()


def _onnxruntime() -> Any:
    import onnxruntime  # noqa: PLC0415  a fifth of a second, and only those who run models need it

    return onnxruntime


def _contract(session: Any) -> Contract:
    height, width = _input_size(session.get_inputs())
    given = [each.name for each in session.get_outputs()]
    if missing := [name for name in NAMES if name not in given]:
        raise UnusableModel(f"The model gives {', '.join(given)}; expected {', '.join(NAMES)}, so {missing[0]} too.")
    told: Mapping[str, str] = session.get_modelmeta().custom_metadata_map
    try:
        return _told(told, height, width)
    except KeyError as missing_word:
        raise UnusableModel(
            f"The model's metadata lacks {missing_word.args[0]!r}; see docs/engines/inference.md."
        ) from None
    except (ValueError, TypeError) as error:
        raise UnusableModel(f"The model's metadata cannot be read: {error}.") from None


def _input_size(inputs: list[Any]) -> tuple[int, int]:
    if len(inputs) != 1:
        raise UnusableModel(f"The model takes {len(inputs)} inputs; {EXPECTED}.")
    (only,) = inputs
    told = f"The model takes {only.type} {only.shape} named {only.name}; {EXPECTED}"
    shape = only.shape
    if only.name != INPUT or only.type != "tensor(float)" or len(shape) != 4 or shape[1] != 1 or shape[0] == 1:
        raise UnusableModel(f"{told}.")
    height, width = shape[2:]
    if not all(isinstance(side, int) and SMALLEST <= side <= LARGEST for side in (height, width)):
        raise UnusableModel(f"{told}, {SMALLEST} to {LARGEST} pixels a side.")
    return height, width


def _told(told: Mapping[str, str], height: int, width: int) -> Contract:
    labels = json.loads(told["labels"])
    if not isinstance(labels, list) or not labels or not all(isinstance(label, str) for label in labels):
        raise ValueError("`labels` is no list of words")
    contract = Contract(
        name=told["name"],
        version=told["version"],
        labels=tuple(labels),
        height=height,
        width=width,
        threshold=float(told["threshold"]),
        overlap=float(told["overlap"]),
        max_batch=int(told["max_batch"]),
    )
    if not (1 <= len(contract.name) <= 120 and 1 <= len(contract.version) <= 40):
        raise ValueError("`name` has 1 to 120 letters, `version` 1 to 40")
    if not (0 <= contract.threshold <= 1 and 0 <= contract.overlap <= 1 and 1 <= contract.max_batch <= 1024):
        raise ValueError("`threshold` and `overlap` lie in 0 to 1, `max_batch` in 1 to 1024")
    return contract


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:300] if str(error) else type(error).__name__
