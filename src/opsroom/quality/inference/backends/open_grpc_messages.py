"""Messages of the Open Inference Protocol over gRPC: those fields of its definition that are used here.

The definition: https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/open_inference_grpc.proto
Fields that are not listed are skipped in what is read.
"""

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

SERVICE = "inference.GRPCInferenceService"
_FILE = "opsroom/open_inference.proto"
_BOOL, _INT32, _INT64, _STRING, _BYTES, _FLOAT, _DOUBLE = 8, 5, 3, 9, 12, 2, 1
_UINT32, _UINT64, _MESSAGE = 13, 4, 11
_ONE, _MANY = 1, 3

# message → (field, number, type or message, label)
_DEFINITION: dict[str, tuple[tuple[str, int, int | str, int], ...]] = {
    "ServerReadyRequest": (),
    "ServerReadyResponse": (("ready", 1, _BOOL, _ONE),),
    "ModelMetadataRequest": (("name", 1, _STRING, _ONE), ("version", 2, _STRING, _ONE)),
    "TensorMetadata": (("name", 1, _STRING, _ONE), ("datatype", 2, _STRING, _ONE), ("shape", 3, _INT64, _MANY)),
    "ModelMetadataResponse": (
        ("name", 1, _STRING, _ONE),
        ("versions", 2, _STRING, _MANY),
        ("inputs", 4, "TensorMetadata", _MANY),
        ("outputs", 5, "TensorMetadata", _MANY),
    ),
    "InferTensorContents": (
        ("bool_contents", 1, _BOOL, _MANY),
        ("int_contents", 2, _INT32, _MANY),
        ("int64_contents", 3, _INT64, _MANY),
        ("uint_contents", 4, _UINT32, _MANY),
        ("uint64_contents", 5, _UINT64, _MANY),
        ("fp32_contents", 6, _FLOAT, _MANY),
        ("fp64_contents", 7, _DOUBLE, _MANY),
    ),
    "InferTensor": (
        ("name", 1, _STRING, _ONE),
        ("datatype", 2, _STRING, _ONE),
        ("shape", 3, _INT64, _MANY),
        ("contents", 5, "InferTensorContents", _ONE),
    ),
    "InferRequestedOutput": (("name", 1, _STRING, _ONE),),
    "ModelInferRequest": (
        ("model_name", 1, _STRING, _ONE),
        ("model_version", 2, _STRING, _ONE),
        ("inputs", 5, "InferTensor", _MANY),
        ("outputs", 6, "InferRequestedOutput", _MANY),
        ("raw_input_contents", 7, _BYTES, _MANY),
    ),
    "ModelInferResponse": (
        ("model_name", 1, _STRING, _ONE),
        ("model_version", 2, _STRING, _ONE),
        ("outputs", 5, "InferTensor", _MANY),
        ("raw_output_contents", 6, _BYTES, _MANY),
    ),
}


def _classes() -> dict[str, Any]:
    file = descriptor_pb2.FileDescriptorProto(name=_FILE, package="opsroom.inference", syntax="proto3")
    for name, fields in _DEFINITION.items():
        message = file.message_type.add(name=name)
        for field, number, kind, label in fields:
            if isinstance(kind, str):
                message.field.add(
                    name=field, number=number, type=_MESSAGE, type_name=f".opsroom.inference.{kind}", label=label
                )
            else:
                message.field.add(name=field, number=number, type=kind, label=label)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"opsroom.inference.{name}"))
        for name in _DEFINITION
    }


MESSAGES = _classes()
