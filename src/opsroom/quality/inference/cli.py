"""Models from the command line: what they find in a folder of images, and how well they do. No database."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from opsroom.quality.vision.evaluation import evaluate, found_on
from opsroom.quality.vision.reading import read_photograph
from opsroom.quality.vision.runtime import Model, load, shipped
from opsroom.quality.vision.scoring import Score, Scores
from opsroom.quality.vision.values import Found, UnreadableImage, Unusable

models = typer.Typer(name="model", help="Models that find flaws in images.", no_args_is_help=True)

SUFFIXES = {".png", ".jpg", ".jpeg"}
ModelFile = Annotated[
    Path | None, typer.Option("--model", metavar="FILE.onnx", help="Without it, the one that comes with the program.")
]
Threshold = Annotated[float | None, typer.Option(min=0, max=1, metavar="X", help="Least confidence of a finding.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def infer(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="PNG and JPEG images; or one such file.")],
    *,
    model: ModelFile = None,
    threshold: Threshold = None,
    as_json: AsJson = False,
) -> None:
    """Find flaws in the images of a folder. Exit status 1 when one of them could not be read."""
    with _refusals():
        loaded = _load(model)
        paths = _images(folder)
    least = loaded.contract.threshold if threshold is None else threshold
    told = [_told(path, folder, loaded, least) for path in paths]
    if as_json:
        typer.echo(json.dumps({"model": _identity(loaded), "threshold": least, "images": told}, allow_nan=False))
    else:
        typer.echo("\n".join(line for each in told for line in _lines(each)))
    if any("error" in each for each in told):
        raise typer.Exit(1)


@models.command(name="evaluate")
def evaluate_command(
    *,
    model: ModelFile = None,
    images: Annotated[int, typer.Option(min=1, max=100_000, help="How many surfaces to draw.")] = 400,
    threshold: Threshold = None,
    as_json: AsJson = False,
) -> None:
    """Precision and recall on drawn surfaces that the model never saw."""
    with _refusals():
        loaded = _load(model)
        scores = evaluate(loaded, images, threshold=threshold)
    least = loaded.contract.threshold if threshold is None else threshold
    if as_json:
        typer.echo(json.dumps({"model": _identity(loaded), "threshold": least, **_document(scores)}, allow_nan=False))
        return
    rows = [*scores.by_type.items(), ("all", scores.overall)]
    typer.echo(f"{'type':<16}{'precision':>10}{'recall':>10}{'right':>8}{'wrong':>8}{'missed':>8}")
    for label, each in rows:
        figures = f"{_share(each.precision):>10}{_share(each.recall):>10}{each.right:>8}{each.wrong:>8}{each.missed:>8}"
        typer.echo(f"{label:<16}{figures}")
    typer.echo(
        f"{scores.images} images at threshold {least:g}; {scores.sound} without a flaw, "
        f"of which {scores.false_alarms} with a false alarm"
    )


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except (Unusable, OSError) as refusal:
        typer.echo(f"Error: {refusal}", err=True)
        raise typer.Exit(2) from refusal


def _load(path: Path | None) -> Model:
    return load(shipped() if path is None else path.read_bytes())


def _images(folder: Path) -> list[Path]:
    if folder.is_file():
        return [folder]
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file())
    if not paths:
        raise Unusable(f"{folder} holds no PNG or JPEG image")
    return paths


def _told(path: Path, folder: Path, model: Model, threshold: float) -> dict[str, Any]:
    name = path.name if path == folder else str(path.relative_to(folder))
    try:
        seen = read_photograph(path)
        (found,) = found_on(model, [seen.pixels], threshold)
    except UnreadableImage as refused:
        return {"image": name, "error": str(refused), "code": refused.code}
    height, width = seen.pixels.shape
    return {"image": name, "width": width, "height": height, "findings": [_finding(each) for each in found]}


def _finding(found: Found) -> dict[str, Any]:
    box = found.box
    return {
        "type": found.type,
        "confidence": round(found.confidence, 6),
        "box": {name: round(getattr(box, name), 6) for name in ("x", "y", "width", "height")},
    }


def _lines(told: dict[str, Any]) -> list[str]:
    if "error" in told:
        return [f"{told['image']}: {told['error']}"]
    if not told["findings"]:
        return [f"{told['image']}: nothing found"]
    return [
        f"{told['image']}: {each['type']} {each['confidence']:.1%} at "
        f"{each['box']['x']:.3f}, {each['box']['y']:.3f}, {each['box']['width']:.3f} × {each['box']['height']:.3f}"
        for each in told["findings"]
    ]


def _identity(model: Model) -> dict[str, str]:
    return {"name": model.contract.name, "version": model.contract.version, "sha256": model.sha256}


def _document(scores: Scores) -> dict[str, Any]:
    return {
        "images": scores.images,
        "sound_images": scores.sound,
        "false_alarms": scores.false_alarms,
        "overall": _figures(scores.overall),
        "by_type": {label: _figures(each) for label, each in scores.by_type.items()},
    }


def _figures(score: Score) -> dict[str, float | int | None]:
    return {
        "precision": score.precision,
        "recall": score.recall,
        "right": score.right,
        "wrong": score.wrong,
        "missed": score.missed,
    }


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
