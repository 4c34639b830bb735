"""Preview sheets: a row of poses for every clip, with its name and words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from ..clip import Clip
from .picture import Figure, strip

BODY = Path(__file__).parents[2] / "body" / "data" / "impromptu_body.npz"
ROWS, FRAMES, CELL = 15, 7, (112, 138)


def write_sheets(clips: list[Clip], folder: Path, body: Path | None = None) -> list[Path]:
    """`motions_1.jpg` ... in a folder, fifteen clips each, in the order given."""
    figure = Figure(body or BODY)
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("motions_*.jpg"):
        old.unlink()
    out = []
    for first in range(0, len(clips), ROWS):
        rows = [_row(figure, clip) for clip in clips[first : first + ROWS]]
        path = folder / f"motions_{first // ROWS + 1}.jpg"
        Image.fromarray(np.concatenate(rows)).save(path, quality=70, optimize=True)
        out.append(path)
    return out


def _row(figure: Figure, clip: Clip) -> np.ndarray:
    """(height, width, 3): the strip under a line of words."""
    level = clip
    if clip.trans[:, 1].max() > 1.6 and clip.name.startswith("stairs"):
        slope = np.linspace(clip.trans[0, 1], clip.trans[-1, 1], len(clip)) - min(clip.trans[0, 1], clip.trans[-1, 1])
        level = clip.with_(trans=clip.trans - np.outer(slope, (0, 1, 0)))
    poses = strip(figure, level, FRAMES, CELL, span=2.45)
    title = Image.new("RGB", (poses.shape[1], 14), "white")
    texts = list(dict.fromkeys(label.text for label in clip.labels))
    words = f"{clip.name} ({clip.kind}, {clip.seconds:.1f} s): {' / '.join(texts)}"
    ImageDraw.Draw(title).text((3, 1), words[:132], fill=(20, 20, 20))
    return np.concatenate([np.asarray(title), poses])
