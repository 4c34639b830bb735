"""What guidance made of the grey body, as one picture to look at."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor
from torch.nn import functional as F

from ...files import atomic_path
from ...render.cameras import orbit
from ...render.lights import sun
from ...render.portraits import Portraits
from .body import GuidanceBody
from .trial import Trial
from .views import Shots, draw

AZIMUTHS = (20.0, 100.0, 200.0)
"""Degrees: from where each result is shown."""
SIDE, WIDE = 192, 110
"""Pixels: a picture's height and, cut to its middle, its width."""
GAP, LINE, TEXT = 8, 13, 11
"""Pixels: between results, from one line of words to the next, and their size."""
LINES, LETTERS = 4, 58
"""Below a result: lines, and letters of a line."""


def write_sheet(path: Path, done: Sequence[Trial], body: GuidanceBody) -> None:
    """A row for each prompt, a column for each form, three views of each.

    Raises:
        InvalidInput: the sheet cannot be written.
    """
    prompts = list(dict.fromkeys(t.brief.text for t in done))
    rows = [[t for t in done if t.brief.text == prompt] for prompt in prompts]
    columns = max(map(len, rows))
    wide, high = len(AZIMUTHS) * WIDE + GAP, SIDE + LINES * LINE + GAP
    sheet = Image.new("RGB", (columns * wide + GAP, (len(rows)) * high + GAP), (250, 250, 250))
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(TEXT)
    for j, row in enumerate(rows):
        for i, trial in enumerate(row):
            x, y = GAP + i * wide, GAP + j * high
            sheet.paste(_strip(body, trial.coloured.colours), (x, y))
            pen.multiline_text((x, y + SIDE + 1), _words(trial), (40, 40, 40), font, spacing=LINE - TEXT)
    with atomic_path(path) as temporary:
        sheet.save(temporary, quality=90)


def _strip(body: GuidanceBody, srgb: Tensor) -> Image.Image:
    """The views, side by side."""
    count = len(AZIMUTHS)
    azimuth, frames = torch.tensor(AZIMUTHS), torch.zeros(count, dtype=torch.long)
    fov, level, middle = torch.full((count,), 25.0), torch.full((count,), 6.0), torch.zeros(3)
    size = 2 * SIDE
    cameras = orbit(azimuth, level, torch.full((count,), 4.1), middle, fov, size, size)
    beside = orbit(azimuth - 35, level + 35, torch.ones(count), middle, fov, size, size)
    ground = torch.full((count, size, size, 3), 0.85)
    shots = Shots(body.seen, frames, Portraits(cameras, sun(beside.rotation[:, 2], 0.5), ground))
    images = F.avg_pool2d(draw(body, srgb, shots).images, 2)
    start = (SIDE - WIDE) // 2
    joined = torch.cat([image[..., start : start + WIDE] for image in images], 2)
    return Image.fromarray((joined * 255).round().byte().permute(1, 2, 0).numpy())


def _words(trial: Trial) -> str:
    found = ", ".join(
        f"{part.garment} {region.name}"
        for part, region in zip(trial.brief.parts, trial.colours.regions, strict=True)
    )  # fmt: skip
    facts = (
        f"{trial.options.form}, {trial.options.kind}: judge {trial.judge.after.choice:.2f}, "
        f"guide {trial.guide.after.choice:.2f}, leak {trial.colours.leak:.2f}"
    )
    prompt = textwrap.wrap(trial.brief.text, LETTERS, max_lines=2, placeholder=" ...")
    return "\n".join([*prompt, *(textwrap.shorten(line, LETTERS, placeholder=" ...") for line in (found, facts))])
