"""What the Open Inference Protocol (v2, that of KServe and Triton) says alike over HTTP and gRPC."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from opsroom.quality.inference.backends.backend import ServerRefused
from opsroom.quality.vision.decoding import NAMES
from opsroom.quality.vision.runtime import INPUT, Model
from opsroom.quality.vision.values import UnusableOutput

ANY = -1  # a side of a shape that is not fixed
LARGEST_ANSWER = 64 << 20  # bytes
KINDS: Mapping[str, np.dtype[Any]] = {
    "BOOL": np.dtype("?"), "UINT8": np.dtype("u1"), "UINT16": np.dtype("<u2"), "UINT32": np.dtype("<u4"),
    "UINT64": np.dtype("<u8"), "INT8": np.dtype("i1"), "INT16": np.dtype("<i2"), "INT32": np.dtype("<i4"),
    "INT64": np.dtype("<i8"), "FP16": np.dtype("<f2"), "FP32": np.dtype("<f4"), "FP64": np.dtype("<f8"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Described:
    """A model as the server describes it. inputs: name, datatype and shape of each"""

    versions: tuple[str, ...]
    inputs: tuple[tuple[str, str, tuple[int, ...]], ...]
    outputs: tuple[str, ...]


def check(described: Described, model: Model, server: str) -> None:
    """
    Raises:
        ServerRefused: what the server has under the model's name is something else than the model.
    """
    contract = model.contract
    wanted = (1, contract.height, contract.width)
    told = ", ".join(f"{kind} {list(shape)} named {name}" for name, kind, shape in described.inputs) or "nothing"
    fits = len(described.inputs) == 1 and _takes(described.inputs[0], wanted)
    if not fits:
        raise ServerRefused(
            f"The model {contract.name} on {server} takes {told}; "
            f"this one takes FP32 {[ANY, *wanted]} named {INPUT}. Serve the same file there.",
        )
    if missing := [name for name in NAMES if name not in described.outputs]:
        raise ServerRefused(f"The model {contract.name} on {server} gives no {missing[0]}. Serve the same file there.")
    if described.versions and contract.version not in described.versions:
        raise ServerRefused(
            f"{server} has version {', '.join(described.versions)} of {contract.name}, not {contract.version}."
        )


def _takes(given: tuple[str, str, tuple[int, ...]], wanted: Sequence[int]) -> bool:
    name, kind, shape = given
    sides = zip(shape[-3:], wanted, strict=False)
    return name == INPUT and kind == "FP32" and len(shape) == 4 and all(side in {ANY, want} for side, want in sides)


def array_of(name: str, kind: str, shape: Sequence[int], content: bytes | Sequence[Any]) -> np.ndarray[Any, Any]:
    """An output: raw little-endian bytes, or a flat (or nested) list.

    Raises:
        UnusableOutput: the numbers are not of the kind or the count that the answer says.
    """
    if kind not in KINDS:
        raise UnusableOutput(f"The server gave {name} as {kind}; expected numbers.")
    try:
        if isinstance(content, bytes):
            return np.frombuffer(content, KINDS[kind]).reshape(shape)
        return np.asarray(content, KINDS[kind]).reshape(shape)
    except (ValueError, TypeError) as error:
        raise UnusableOutput(f"The server's {name} does not fit its shape {list(shape)}: {error}.") from None
