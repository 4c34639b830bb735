"""Frames of motions with their labels: MotionCLIP's pictures (section 4.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..motion.clip import Clip
from ..motion.dirty import clean_frames
from ..motion.ground import yaw_of
from ..motion.kinematics import matrix_from_axis_angle
from ..motion.perform import perform
from .figures import Figures
from .framing import fit
from .motions import Motion, Motions, open_motions
from .plan import Row
from .requests import FramesRequest
from .scenes import Scenes
from .stage import Stage, assemble, studio

RATE = 30.0
"""Frames a second that a request's window is counted in."""


class FramesPlan:
    """A frame of every labelled clip, or window, then another of every one; each from all views."""

    def __init__(self, request: FramesRequest) -> None:
        self.request = request
        self.motions: Motions = open_motions(request.library)
        self.figures = Figures(request.body)
        self.betas = self.figures.resolve(request.betas)
        self.person = replace(self.figures.person, betas=tuple(float(b) for b in self.betas))

    @property
    def refused(self) -> tuple[str, ...]:
        """A sentence for each file of a folder that holds no motion."""
        return self.motions.refused

    @cached_property
    def _count(self) -> int:
        return self.request.count or len(self._drawn_from)

    @cached_property
    def _drawn_from(self) -> list[tuple[Motion, int, int]]:
        """Clips, or windows, that have a frame each: the clip and its first and last (excluded) frame."""
        clips = self.motions.clips
        if self.request.each == "clip":
            return [(clip, 0, clip.frames) for clip in clips]
        return [(clip, start, end) for clip in clips for start, end in labelled_windows(clip, self.request.window)]

    def __len__(self) -> int:
        return self._count * self.request.views

    def rows(self, indices: Sequence[int]) -> list[Row]:
        """Which frame of which clip, what it is called, from where it is seen."""
        return [self._row(i) for i in indices]

    def _row(self, index: int) -> Row:
        request, drawn_from = self.request, self._drawn_from
        shot, view = divmod(index, request.views)
        lap, place = divmod(shot, len(drawn_from))
        # Every lap goes through all of them in an order of its own, so that the first few are a fair sample.
        clip, *limits = drawn_from[
            int(np.random.default_rng([request.seed, lap]).permutation(len(drawn_from))[place])
        ]
        lots = np.random.default_rng([request.seed, lap, place])
        frame, start, end = draw_frame(clip, request.window, lots, *limits)
        words = window_labels(clip, start, end)
        azimuth = request.azimuth + lots.uniform(-1, 1) * request.spread + 360 * view / request.views
        return {
            "clip": clip.name,
            "frame": frame,
            "window": [start, end],
            "label": ", ".join(words),
            "labels": words,
            "view": view,
            "azimuth": round(float(azimuth), 2),
            "elevation": request.elevation,
            "seed": int(lots.integers(2**31)),
            "clip_sha256": clip.sha256,
            "licence": clip.licence,
            "library_sha256": self.motions.sha256,
            "body": self.figures.name,
            "body_sha256": self.figures.sha256,
            "betas": [round(float(b), 4) for b in self.betas],
        }

    @cached_property
    def _clips(self) -> dict[str, Motion]:
        return {c.sha256: c for c in self.motions.clips}

    def scenes(self, rows: Sequence[Row]) -> Scenes:
        """The bodies, posed and grounded, each before a camera that sees all of it."""
        return assemble([self._stage(row) for row in rows], self.request.size)

    def _stage(self, row: Row) -> Stage:
        start, end = row["window"]
        pose, transl = self._pose(self._clips[row["clip_sha256"]].load().cut(start, end), row["frame"] - start)
        figure = self.figures.pose(self.person, pose, transl)
        heading = np.degrees(float(yaw_of(matrix_from_axis_angle(pose[:1]))[0]))
        camera = fit(figure.vertices, heading + row["azimuth"], row["elevation"], self.request.fov)
        return studio(figure, camera, row["seed"])

    @cached_property
    def _sole(self) -> float:
        return self.figures.sole(self.person)

    def _pose(self, clip: Clip, frame: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(J, 3) the pose of a frame and (3,) where the body stands: over the origin, on the floor."""
        performed = perform(clean_frames(clip), self.figures.body, self.figures.tensor(self.betas), fps=clip.fps)
        transl = performed.transl[frame].copy()
        pelvis = performed.clip.trans[frame]
        transl -= (pelvis[0], -self._sole, pelvis[2])
        return performed.poses[frame], transl

    def describe(self, row: Row, parts: NDArray[np.uint8]) -> Row:
        """Nothing more: the label is known before the picture."""
        return {}


def draw_frame(
    motion: Motion, window: int, lots: np.random.Generator, first: int = 0, last: int | None = None
) -> tuple[int, int, int]:
    """A labelled frame in [first, last), and the first and last (excluded) of the window that it lies in."""
    frame = int(lots.choice(first + np.flatnonzero(labelled_frames(motion)[first:last])))
    length = window_length(motion, window)
    start = frame // length * length
    return frame, start, min(start + length, motion.frames)


def window_length(motion: Motion, window: int) -> int:
    """A window of so many frames at `RATE` in the clip's own frames."""
    return max(round(window * motion.fps / RATE), 1)


def labelled_frames(motion: Motion) -> NDArray[np.bool_]:
    """(frames,) which carry a label."""
    labelled = np.zeros(motion.frames, bool)
    for label in motion.labels:
        labelled[label.start : label.end] = True
    return labelled


def labelled_windows(motion: Motion, window: int) -> list[tuple[int, int]]:
    """The first and last (excluded) frames of the clip's windows, one after the other, that carry a label."""
    length, labelled = window_length(motion, window), labelled_frames(motion)
    starts = range(0, motion.frames, length)
    return [(s, min(s + length, motion.frames)) for s in starts if labelled[s : s + length].any()]


def window_labels(motion: Motion, start: int, end: int) -> list[str]:
    """The different labels of the window's frames, in order of time: MotionCLIP joins them to one text."""
    seen: dict[str, Any] = {}
    for label in sorted(motion.labels, key=lambda l: l.start):
        if label.start < end and label.end > start:
            seen.setdefault(label.text, None)
    return list(seen)
