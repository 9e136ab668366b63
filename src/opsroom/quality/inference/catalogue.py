"""Models that can be run: the one that comes with the program, and those handed in as artifacts."""

import asyncio
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.errors import Invalid, NotFound
from opsroom.core.storage.blobs import Blobs
from opsroom.core.storage.models import Artifact, ArtifactType
from opsroom.quality.kinds import DefectType
from opsroom.quality.vision.runtime import LARGEST_FILE, Model, load, shipped
from opsroom.quality.vision.values import UnusableModel

SHIPPED = "surface-defects"
KEPT = 4  # loaded models, each with its memory


class Catalogue:
    """Loaded models by the hash of their file, so that a file is read once in a process."""

    def __init__(self, blobs: Blobs, threads: int) -> None:
        self._blobs = blobs
        self._threads = threads
        self._loaded: dict[str, Model] = {}
        self._turn = asyncio.Lock()

    async def by_hash(self, sha256: str) -> Model:
        """
        Raises:
            UnusableModel: the file is no model that finds flaws.
            Unavailable: the store does not have it, or does not answer.
        """
        async with self._turn:
            if sha256 not in self._loaded:
                model = await self._load(await asyncio.to_thread(self._blobs.read, sha256))
                self._keep(model)
            return self._loaded[sha256]

    async def shipped(self) -> Model:
        """The model that comes with the program; its file is kept with the artifacts, as those of others are."""
        content = await asyncio.to_thread(shipped)
        blob = await self._blobs.keep_bytes(content)
        return await self.by_hash(blob.sha256)

    async def _load(self, content: bytes) -> Model:
        model = await asyncio.to_thread(load, content, self._threads)
        words = {each.value for each in DefectType}
        if strange := [label for label in model.contract.labels if label not in words]:
            raise UnusableModel(f"The model's label {strange[0]!r} is no type of defect; those are {_listed()}.")
        return model

    def _keep(self, model: Model) -> None:
        while len(self._loaded) >= KEPT:
            self._loaded.pop(next(iter(self._loaded)))
        self._loaded[model.sha256] = model


async def model_named(session: AsyncSession, catalogue: Catalogue, named: str | None) -> Model:
    """The model of an artifact's id, or the one that comes with the program.

    Raises:
        NotFound, Invalid: there is no such model, or its file is none that finds flaws.
    """
    if named is None or named == SHIPPED:
        return await catalogue.shipped()
    artifact = await _artifact(session, named)
    if artifact.size_bytes > LARGEST_FILE:
        raise _unusable(f"The model has {artifact.size_bytes} bytes; at most {LARGEST_FILE} are loaded.")
    try:
        return await catalogue.by_hash(artifact.sha256)
    except UnusableModel as refused:
        raise _unusable(str(refused)) from None


async def keep_artifact(session: AsyncSession, model: Model) -> None:
    """Have the file of a model among the artifacts, so that it is there when a verdict is questioned years later."""
    known = select(Artifact.id).where(Artifact.sha256 == model.sha256, Artifact.type == ArtifactType.MODEL).limit(1)
    if await session.scalar(known) is not None:
        return
    session.add(
        Artifact(
            name=f"{model.contract.name}-{model.contract.version}.onnx",
            type=ArtifactType.MODEL,
            media_type="application/octet-stream",
            sha256=model.sha256,
            size_bytes=model.size_bytes,
            tags={"comes_with": "opsroom"},
        )
    )
    await session.flush()


async def _artifact(session: AsyncSession, named: str) -> Artifact:
    try:
        found = await session.get(Artifact, UUID(named))
    except ValueError:
        found = None
    if found is None or found.type is not ArtifactType.MODEL:
        raise NotFound(
            f"There is no model {named[:80]}; expected {SHIPPED}, or the id of an artifact of type model.",
            code="unknown_model",
            field="model",
        )
    return found


def _unusable(sentence: str) -> Invalid:
    return Invalid(sentence, code="unusable_model", field="model")


def _listed() -> str:
    return ", ".join(each.value for each in DefectType)
