"""Previews of an actor on its stage: a film, drawn or rendered, and a contact sheet of rendered frames."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from .captions import draw_text
from .drafts import Drafts
from .drawing import Moment, draw
from .film import encode_film, film_times
from .frames import Quality, render_frame, set_quality, write_picture
from .sheet import compose_sheet, sheet_times

FILM_FPS = 15.0
LARGE = 4 * 1024 * 1024
"""Pixels of pictures that are drawn at once."""
AHEAD = 6
"""Frames of a film that wait to be drawn, at most."""
Progress = Callable[[str, int, int], None]


class Previews:
    """Makes pictures of moments of the current scene, each once.

    Args:
        folder: for the frames' files; the caller removes it.
        quality: of what Cycles renders.
        seconds: from the motion's first frame to its last.
        fps: frames a second of the motion.
        on_progress: called with ("render", step, total).
        drawn: films are drawn by `drafts`, in a tenth of the time, not rendered.
    """

    def __init__(
        self, folder: Path, quality: Quality, seconds: float, fps: float, on_progress: Progress, drawn: bool = False
    ) -> None:
        self.folder, self.quality, self.drawn = folder, quality, drawn
        self.seconds, self.fps = seconds, fps
        self.on_progress = on_progress
        self._rendered: dict[int, np.ndarray] = {}
        self._made = self._total = 0
        set_quality(bpy.context.scene, quality)

    def film_times(self) -> np.ndarray:
        """Seconds of the film's frames."""
        return film_times(self.seconds, min(FILM_FPS, self.fps))

    def plan(self, suffixes: set[str]) -> np.ndarray:
        """Seconds of all the moments that previews of these kinds have rendered; the sheet takes a rendered film's
        where it can."""
        film = self.film_times() if ".mp4" in suffixes and not self.drawn else np.zeros(0)
        if ".png" not in suffixes:
            return film
        sheet = sheet_times(self.seconds)
        return film if len(film) >= len(sheet) else np.unique(np.concatenate([film, sheet]))

    def render(self, suffixes: set[str]) -> None:
        """Render the frames that previews of these kinds have rendered."""
        times = self.plan(suffixes)
        self._total = len(times) + (len(self.film_times()) if self.drawn and ".mp4" in suffixes else 0)
        for moment in times:
            self.at(float(moment))
            self._count()

    def _count(self) -> None:
        self._made += 1
        self.on_progress("render", self._made, max(self._total, self._made))

    def at(self, moment: float) -> np.ndarray:
        """(height, width, 3) uint8 of one moment, rendered if it has not been."""
        key = round(moment * 1e4)
        if key not in self._rendered:
            self._rendered[key] = render_frame(bpy.context.scene, self._frame(moment), self.folder)
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
        # Blender is asked by this thread alone. While it moves the actor for the next frame, others draw the last.
        with ThreadPoolExecutor(self._threads()) as threads:
            try:
                files = self._frames(threads, title)
            except BaseException:
                # What waits to be drawn is not waited for.
                threads.shutdown(wait=False, cancel_futures=True)
                raise
        encode_film(files, path, min(FILM_FPS, self.fps))

    def _threads(self) -> int:
        """As many as there are processors, fewer for large pictures, of which each takes its room."""
        pixels = self.quality.width * self.quality.height
        return max(1, min(4, os.cpu_count() or 1, LARGE // pixels))

    def _frames(self, threads: ThreadPoolExecutor, title: str) -> list[Path]:
        drafts = Drafts(self.quality.width, self.quality.height)
        # Letters are Blender's own: made once, here.
        self._titled(np.full((self.quality.height, self.quality.width, 3), 255, np.uint8), title)
        making: list[Future[Path]] = []
        for i, time in enumerate(self.film_times()):
            if len(making) >= AHEAD:
                making[-AHEAD].result()
            file = self.folder / f"film-{i:06d}.png"
            picture = drafts.moment(self._frame(float(time))) if self.drawn else self.at(float(time))
            making.append(threads.submit(self._write_frame, picture, title, file))
            if self.drawn:
                self._count()
        return [made.result() for made in making]

    def _write_frame(self, picture: Moment | np.ndarray, title: str, file: Path) -> Path:
        pixels = picture if isinstance(picture, np.ndarray) else draw(picture)
        write_picture(file, self._titled(pixels, title), level=1)
        return file

    def _titled(self, picture: np.ndarray, title: str) -> np.ndarray:
        size = self.quality.width / 22
        margin = int(0.9 * size)
        height, width = picture.shape[:2]
        return draw_text(picture, title, margin, height - margin, size, width - 2 * margin)

    def _frame(self, moment: float) -> float:
        return bpy.context.scene.frame_start + moment * self.fps


def captions(provenance: dict[str, Any], name: str, seconds: float, fps: float) -> tuple[str, str]:
    """Title and subtitle of a preview: the prompt, then the label that answers it, its clip, their length, and the
    look where that is another than the prompt's; nothing twice."""
    clip = provenance.get("clip")
    clip = clip if isinstance(clip, dict) else {}
    words = [provenance.get("label") or clip.get("label"), clip.get("name"), clip.get("kind")]
    words += [f"{seconds:.1f} s", f"{fps:g} fps"]
    style = provenance.get("style")
    if isinstance(style, dict) and style.get("prompt") != provenance.get("prompt"):
        words.append(style.get("style_text"))
    return str(provenance.get("prompt") or name), "  ·  ".join(dict.fromkeys(str(w) for w in words if w))
