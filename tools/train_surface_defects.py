"""Train the model that ships with the quality app, on surfaces that the program draws, and write it as ONNX.

It needs an environment of its own, beside the program's dependencies; nothing of it is needed to run the program:

    python -m venv build/training
    build/training/bin/pip install "torch>=2.13" "onnx>=1.20" "numpy>=2.4" "pillow>=13" \
        --extra-index-url https://download.pytorch.org/whl/cpu
    PYTHONPATH=src build/training/bin/python tools/train_surface_defects.py OUT.onnx

Then `opsroom quality model evaluate --model OUT.onnx` tells how well it does on surfaces it never saw. The same seed
gives the same weights on the same kind of machine with the same versions and number of threads.

The method is that of centre points (Zhou, Wang, Krähenbühl: Objects as Points, 2019): one map for each type of flaw,
with peaks at the middles of boxes, and the boxes' sizes read at the peaks. Most steps are made on quarters of pictures,
which cost a quarter; the last ones on whole pictures, as the model will see them.
"""

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor, nn
from torch.nn import functional

from opsroom.quality.surfaces.drawing import draw
from opsroom.quality.surfaces.flaws import FLAWS
from opsroom.quality.surfaces.values import SIZE, Surface

TYPES = tuple(FLAWS)
Box = tuple[float, float, float, float]
LEAST_SEEN = 0.35  # of a box, to be learned from
STRIDE = 8  # pixels a side that one cell of the maps stands for
CELLS = SIZE // STRIDE
FOUND = 32  # candidates that the model gives for each image
WIDTHS = (16, 32, 40)
METADATA = {
    "name": "surface-defects",
    "version": "1",
    "labels": json.dumps(TYPES),
    "threshold": "0.35",
    "overlap": "0.4",
    "max_batch": "64",
}


class Maps(nn.Module):
    """Grey levels to a map for each type, and four maps of where in its cell a middle lies and how large the box is."""

    def __init__(self) -> None:
        super().__init__()
        fine, middle, coarse = WIDTHS
        self.body = nn.Sequential(
            _block(1, fine, stride=2),
            _block(fine, middle, stride=2),
            _block(middle, coarse, stride=2),
            *(_block(coarse, coarse, dilation=dilation) for dilation in (1, 2, 4, 1)),
        )
        self.heat = nn.Conv2d(coarse, len(TYPES), 1)
        self.place = nn.Conv2d(coarse, 4, 1)
        nn.init.constant_(self.heat.bias, -3.5)  # most cells hold no middle; begin by saying so

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        seen = self.body(pixels)
        return self.heat(seen), self.place(seen)


class Detector(nn.Module):
    """What is exported: the highest peaks with their boxes, in unit lengths of the image."""

    def __init__(self, maps: Maps) -> None:
        super().__init__()
        self.maps = maps
        rows, columns = torch.meshgrid(torch.arange(CELLS), torch.arange(CELLS), indexing="ij")
        self.register_buffer("corners", torch.stack([columns, rows]).float().reshape(1, 2, -1))

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        heat, place = self.maps(pixels)
        heat = torch.sigmoid(heat)
        peaks = heat * (functional.max_pool2d(heat, 3, 1, 1) == heat)
        scores, at = torch.topk(peaks.flatten(1), FOUND)
        cell = at % (CELLS * CELLS)
        chosen = place.flatten(2).gather(2, cell.unsqueeze(1).expand(-1, 4, -1))
        corner = self.corners.expand(pixels.shape[0], -1, -1).gather(2, cell.unsqueeze(1).expand(-1, 2, -1))
        middle = (corner + torch.sigmoid(chosen[:, :2])) / CELLS
        size = torch.exp(chosen[:, 2:].clamp(-4, 4)) / CELLS
        boxes = torch.cat([middle - size / 2, size], 1).transpose(1, 2)
        return boxes, scores, torch.div(at, CELLS * CELLS, rounding_mode="floor")


@dataclass(frozen=True)
class Examples:
    """Everything that is learned from, in memory: pixels, and for each picture its targets."""

    pixels: np.ndarray
    surfaces: list[Surface]


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("out", type=Path)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--pictures", type=int, default=4000)
    asked.add_argument("--steps", type=int, default=4000)
    asked.add_argument("--whole", type=int, default=250, help="of the steps, so many last ones on whole pictures")
    asked.add_argument("--batch", type=int, default=16)
    asked.add_argument("--threads", type=int, default=2)
    given = asked.parse_args()
    torch.manual_seed(given.seed)
    torch.set_num_threads(given.threads)
    torch.use_deterministic_algorithms(mode=True)
    surfaces = [draw(number) for number in range(given.pictures)]
    examples = Examples(np.stack([surface.pixels for surface in surfaces]), surfaces)
    sides = [SIZE // 2] * (given.steps - given.whole) + [SIZE] * given.whole
    export(trained(examples, given.seed, sides, given.batch), given.out)


def trained(examples: Examples, seed: int, sides: list[int], batch: int) -> Maps:
    """sides: of the parts of pictures that each step is made on"""
    maps, generator = Maps().to(memory_format=torch.channels_last), np.random.default_rng(seed)
    optimizer = torch.optim.AdamW(maps.parameters(), lr=4e-3, weight_decay=1e-4)
    pace = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=len(sides), pct_start=0.15)
    begun, told = time.monotonic(), 0.0
    for step, side in enumerate(sides):
        pixels, heat, place, held = _batch(examples, generator, batch, side)
        optimizer.zero_grad()
        found_heat, found_place = maps(pixels)
        loss = focal(found_heat, heat) + away(found_place, place, held)
        loss.backward()
        nn.utils.clip_grad_norm_(maps.parameters(), 5.0)
        optimizer.step()
        pace.step()
        told = loss.item() if step == 0 else 0.98 * told + 0.02 * loss.item()
        if step % 100 == 99:
            print(f"step {step + 1} of {len(sides)}: loss {told:.3f}, {time.monotonic() - begun:.0f} s", flush=True)
    return maps


def focal(logits: Tensor, wanted: Tensor) -> Tensor:
    """The loss of Zhou et al., equation 1, with α = 2 and β = 4, for each middle."""
    found = torch.sigmoid(logits).clamp(1e-4, 1 - 1e-4)
    middle = wanted == 1
    right = torch.log(found) * (1 - found) ** 2 * middle
    wrong = torch.log(1 - found) * found**2 * (1 - wanted) ** 4 * ~middle
    return -(right.sum() + wrong.sum()) / middle.sum().clamp(min=1)


def away(found: Tensor, wanted: Tensor, held: Tensor) -> Tensor:
    """How far places and sizes are off, in the cells that hold a middle."""
    placed = torch.cat([torch.sigmoid(found[:, :2]), found[:, 2:]], 1)
    return (functional.smooth_l1_loss(placed, wanted, reduction="none", beta=0.1) * held).sum() / held.sum().clamp(
        min=1
    )


def export(maps: Maps, out: Path) -> None:
    detector = Detector(maps.to(memory_format=torch.contiguous_format)).eval()
    with torch.no_grad():
        torch.onnx.export(
            detector,
            (torch.zeros(2, 1, SIZE, SIZE),),
            str(out),
            input_names=["pixels"],
            output_names=["boxes", "scores", "types"],
            dynamic_axes={name: {0: "batch"} for name in ("pixels", "boxes", "scores", "types")},
            opset_version=17,
            dynamo=False,
        )
    written = onnx.load(str(out))
    onnx.helper.set_model_props(written, METADATA)
    onnx.checker.check_model(written, full_check=True)
    onnx.save(written, str(out))
    print(f"{out}: {out.stat().st_size} bytes, {sum(each.numel() for each in maps.parameters())} parameters")


def _block(before: int, after: int, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(before, after, 3, stride, dilation, dilation, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(after), nn.ReLU(inplace=True))


def _batch(
    examples: Examples, generator: np.random.Generator, size: int, side: int
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Parts of pictures, turned and mirrored by chance, each brought to mean 0 and deviation 1, with their targets."""
    cells = side // STRIDE
    pixels = np.empty((size, 1, side, side), np.float32)
    heat = np.zeros((size, len(TYPES), cells, cells), np.float32)
    place, held = np.zeros((size, 4, cells, cells), np.float32), np.zeros((size, 1, cells, cells), np.float32)
    for row, number in enumerate(generator.integers(len(examples.surfaces), size=size)):
        surface, turn = examples.surfaces[number], generator.integers(2, size=3)
        left, top = (int(each) for each in generator.integers(SIZE - side + 1, size=2))
        pixels[row, 0] = _standard(_turned(examples.pixels[number], turn)[top : top + side, left : left + side])
        for flaw in surface.flaws:
            box = _seen(_turned_box(flaw.box, turn), left, top, side)
            if box is not None:
                _mark(heat[row], place[row], held[row], TYPES.index(flaw.type), box)
    shaped, *targets = (torch.from_numpy(each) for each in (pixels, heat, place, held))
    return shaped.contiguous(memory_format=torch.channels_last), *targets


def _seen(box: Box, left: int, top: int, side: int) -> Box | None:
    """What of a box lies in a part of the picture; None where most of it does not."""
    x, y, width, height = box
    begin, above = max(x - left, 0.0), max(y - top, 0.0)
    across, down = min(x + width - left, side) - begin, min(y + height - top, side) - above
    if min(across, down) <= 0 or across * down < LEAST_SEEN * width * height:
        return None
    return begin, above, across, down


def _standard(picture: np.ndarray) -> np.ndarray:
    levels = picture.astype(np.float32)
    return (levels - levels.mean()) / (levels.std() + 1)


def _turned(picture: np.ndarray, turn: np.ndarray) -> np.ndarray:
    picture = picture.T if turn[0] else picture
    picture = picture[::-1] if turn[1] else picture
    return picture[:, ::-1] if turn[2] else picture


def _turned_box(box: Box, turn: np.ndarray) -> Box:
    x, y, width, height = box
    if turn[0]:
        x, y, width, height = y, x, height, width
    y = SIZE - y - height if turn[1] else y
    x = SIZE - x - width if turn[2] else x
    return x, y, width, height


def _mark(heat: np.ndarray, place: np.ndarray, held: np.ndarray, kind: int, box: Box) -> None:
    """A hill around the middle, as wide as the box is, and the box in the cell of the middle."""
    x, y, width, height = (value / STRIDE for value in box)
    across, down = x + width / 2, y + height / 2
    cells = heat.shape[-1]
    column, row = min(int(across), cells - 1), min(int(down), cells - 1)
    rows, columns = np.mgrid[0:cells, 0:cells]
    spread = [max(0.6, side / 7) for side in (width, height)]
    hill = np.exp(-(((columns - column) / spread[0]) ** 2 + ((rows - row) / spread[1]) ** 2) / 2)
    np.maximum(heat[kind], hill, out=heat[kind])
    place[:, row, column] = (across - column, down - row, np.log(width), np.log(height))
    held[:, row, column] = 1


if __name__ == "__main__":
    main()
