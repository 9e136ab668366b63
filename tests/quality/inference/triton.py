"""A real server of the Open Inference Protocol: Triton, from the wheel nvidia-pytriton in an environment of its own.

The wheel has the Python backend only; that runs the very ONNX file through ONNX Runtime.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

ENVIRONMENT = "OPSROOM_TEST_TRITON"
INSTALL = (
    "python3 -m venv ~/triton && ~/triton/bin/pip install --no-deps 'nvidia-pytriton>=0.7,<0.8' "
    f"&& ~/triton/bin/pip install 'numpy<2' 'onnxruntime>=1.20,<1.24' && export {ENVIRONMENT}=~/triton"
)
CONFIG = """
name: "{name}"
backend: "python"
max_batch_size: 64
input [{{ name: "pixels", data_type: TYPE_FP32, dims: [1, {side}, {side}] }}]
output [
  {{ name: "boxes", data_type: TYPE_FP32, dims: [-1, 4] }},
  {{ name: "scores", data_type: TYPE_FP32, dims: [-1] }},
  {{ name: "types", data_type: TYPE_INT64, dims: [-1] }}
]
instance_group [{{ count: 1, kind: KIND_CPU }}]
"""
# A file named `seen` beside the model is longer by a line for each batch; one named `wait` makes the next ones hang.
MODEL = """
import time
from pathlib import Path

import onnxruntime
import triton_python_backend_utils as pb_utils

NAMES = ["boxes", "scores", "types"]


class TritonPythonModel:
    def initialize(self, args):
        self.folder = Path(args["model_repository"])
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        path = str(self.folder / args["model_version"] / "weights.onnx")
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def execute(self, requests):
        answers = []
        for request in requests:
            pixels = pb_utils.get_input_tensor_by_name(request, "pixels").as_numpy()
            with (self.folder / "seen").open("a") as file:
                file.write(f"{len(pixels)}\\n")
            while (self.folder / "wait").exists():
                time.sleep(0.02)
            found = self.session.run(NAMES, {"pixels": pixels})
            answers.append(pb_utils.InferenceResponse([pb_utils.Tensor(*each) for each in zip(NAMES, found)]))
        return answers
"""


@dataclass
class Triton:
    """Started and killed at will; it listens on the same ports each time."""

    folder: Path
    program: Path
    libraries: Path
    http_port: int
    grpc_port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def grpc(self) -> str:
        return f"grpc://127.0.0.1:{self.grpc_port}"

    def serve(self, name: str, weights: bytes, *, side: int = 256, version: str = "1") -> Path:
        """Put a model into the repository, before the start; the folder of its files `seen` and `wait`."""
        place = self.folder / "models" / name
        (place / version).mkdir(parents=True)
        (place / "config.pbtxt").write_text(CONFIG.format(name=name, side=side))
        (place / version / "model.py").write_text(MODEL)
        (place / version / "weights.onnx").write_bytes(weights)
        return place

    def start(self) -> None:
        (self.folder / "models").mkdir(exist_ok=True)
        environment = {
            **os.environ,
            "LD_LIBRARY_PATH": str(self.libraries),
            "PATH": f"{_home() / 'bin'}:{os.environ['PATH']}",
            "PYTHONPATH": str(next((_home() / "lib").glob("python3.*/site-packages"))),
        }
        command: list[Path | str] = [
            self.program, "--model-repository", self.folder / "models",
            "--backend-directory", self.folder / "backends", "--http-address", "127.0.0.1",
            "--grpc-address", "127.0.0.1", "--http-port", str(self.http_port), "--grpc-port", str(self.grpc_port),
            "--allow-metrics", "false", "--http-thread-count", "2", "--exit-on-error", "false",
        ]  # fmt: skip
        with (self.folder / "triton.log").open("ab") as log:
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)

    def wait_until_ready(self) -> None:
        begun = time.monotonic()
        while time.monotonic() - begun < 120:
            try:
                if httpx.get(f"{self.http}/v2/health/ready", timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise AssertionError((self.folder / "triton.log").read_text()[-3000:])

    def kill(self) -> None:
        """Like a power cut: the server and the processes of its models."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


@contextmanager
def triton_in(folder: Path) -> Iterator[Triton]:
    """Not started yet, without a model."""
    home = os.environ.get(ENVIRONMENT)
    if home is None:
        if os.environ.get("CI"):
            pytest.fail(f"{ENVIRONMENT} is not set")
        pytest.skip(f"Triton is absent; install it with `{INSTALL}`")
    package = next((_home() / "lib").glob("python3.*/site-packages"))
    wheel = package / "pytriton" / "tritonserver"
    # The backend looks for its stub, of the right version of Python, in its own folder.
    shutil.copytree(wheel / "backends", folder / "backends")
    version = package.parent.name.removeprefix("python")
    shutil.copy(wheel / "python_backend_stubs" / version / "triton_python_backend_stub", folder / "backends" / "python")
    server = Triton(folder, wheel / "bin" / "tritonserver", package / "nvidia_pytriton.libs", *_free_ports())
    try:
        yield server
    finally:
        server.kill()


def _home() -> Path:
    return Path(os.environ[ENVIRONMENT]).expanduser()


def _free_ports() -> tuple[int, int]:
    """Both held at once, so that they differ."""
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]
