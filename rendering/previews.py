"""Previews of an actor on its stage: frames rendered once, shared by the film and the contact sheet."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from .captions import draw_text
from .film import encode_film, film_times
from .frames import Quality, render_frame, set_quality, write_picture
from .sheet import compose_sheet, sheet_times

FILM_FPS = 15.0
Progress = Callable[[str, int, int], None]


class Previews:
    """Renders moments of the current scene, each once.

    Args:
        folder: for the frames' files; the caller removes it.
        seconds: from the motion's first frame to its last.
        fps: frames a second of the motion.
        on_progress: called with ("render", step, total).
    """

    def __init__(self, folder: Path, quality: Quality, seconds: float, fps: float, on_progress: Progress) -> None:
        self.folder, self.quality = folder, quality
        self.seconds, self.fps = seconds, fps
        self.on_progress = on_progress
        self._rendered: dict[int, np.ndarray] = {}
        set_quality(bpy.context.scene, quality)

    def plan(self, suffixes: set[str]) -> np.ndarray:
        """Seconds of all the moments that previews of these kinds show; the sheet takes the film's where it can."""
        film = film_times(self.seconds, min(FILM_FPS, self.fps)) if ".mp4" in suffixes else np.zeros(0)
        if ".png" not in suffixes:
            return film
        sheet = sheet_times(self.seconds)
        return film if len(film) >= len(sheet) else np.unique(np.concatenate([film, sheet]))

    def render(self, times: np.ndarray) -> None:
        """Render the frames of these moments."""
        for i, moment in enumerate(times):
            self.at(float(moment))
            self.on_progress("render", i + 1, len(times))

    def at(self, moment: float) -> np.ndarray:
        """(height, width, 3) uint8 of one moment, rendered if it has not been."""
        key = round(moment * 1e4)
        if key not in self._rendered:
            scene = bpy.context.scene
            self._rendered[key] = render_frame(scene, scene.frame_start + moment * self.fps, self.folder)
        return self._rendered[key]

    def nearest(self, moments: np.ndarray) -> list[float]:
        """The rendered moments closest to those asked for."""
        have = np.array(sorted(self._rendered)) / 1e4
        return [float(have[np.abs(have - m).argmin()]) for m in moments]

    def write_sheet(self, path: Path, title: str, subtitle: str) -> None:
        """Write the contact sheet as PNG."""
        moments = self.nearest(sheet_times(self.seconds))
        write_picture(path, compose_sheet([self.at(m) for m in moments], np.array(moments), title, subtitle))

    def write_film(self, path: Path, title: str) -> None:
        """Write the film, its title in the lower left corner."""
        fps = min(FILM_FPS, self.fps)
        size = self.quality.width / 22
        margin = int(0.9 * size)
        files = []
        for i, moment in enumerate(film_times(self.seconds, fps)):
            picture = draw_text(
                self.at(float(moment)), title, margin, self.quality.height - margin, size,
                self.quality.width - 2 * margin,
            )  # fmt: skip
            files.append(self.folder / f"film-{i:06d}.png")
            write_picture(files[-1], picture)
        encode_film(files, path, fps)


def captions(provenance: dict[str, Any], name: str, seconds: float, fps: float) -> tuple[str, str]:
    """Title and subtitle of a preview: the prompt, then the label that answers it, its clip, their length, and the
    look where that is another than the prompt's."""
    clip = provenance.get("clip")
    clip = clip if isinstance(clip, dict) else {}
    words = [provenance.get("label") or clip.get("label"), clip.get("name"), clip.get("kind")]
    words += [f"{seconds:.1f} s", f"{fps:g} fps"]
    style = provenance.get("style")
    if isinstance(style, dict) and style.get("prompt") != provenance.get("prompt"):
        words.append(style.get("style_text"))
    return str(provenance.get("prompt") or name), "  ·  ".join(str(w) for w in words if w)
