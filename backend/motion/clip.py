"""The clip: what the library stores, the importers make and the rest of the house moves."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..files import load_npz, save_npz
from ..protocol import Incompatible, InvalidInput
from .skeleton import JOINT_NAMES, LEG_LENGTH

CLIP_VERSION = 1
MAX_FRAMES = 1_000_000
MOST_RADIANS, MOST_METRES = 1e3, 1e5
"""Beyond a hundred turns of a joint, or a hundred kilometres, numbers are no motion of a person."""


@dataclass(frozen=True)
class Label:
    """Words for a range of frames, `start` included and `end` excluded."""

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Clip:
    """A motion of the 22 body joints of SMPL-X, in SMPL's frame: y up, metres, facing +z at rest.

    `trans` is the pelvis joint's position for a body whose legs (hip to ankle) measure `skeleton.LEG_LENGTH`;
    a body with other legs scales it by their ratio. The floor is y = 0.
    """

    name: str
    """Identifier: letters, digits, `_`, `-`, `.`; unique in a library."""
    poses: np.ndarray
    """(frames, 22, 3) float32, local rotations in axis-angle, radians."""
    trans: np.ndarray
    """(frames, 3) float32, metres."""
    fps: float
    """Frames a second."""
    labels: tuple[Label, ...] = ()
    source: str = ""
    """Where it comes from: data set and file, or how it was made."""
    licence: str = "unknown"
    """SPDX identifier where there is one."""
    kind: str = "mocap"
    """`mocap` (recorded), `derived` (computed from a recording) or `keyed` (posed by hand)."""
    flags: tuple[str, ...] = ()
    """Quality notes: `jump@123` (repaired: `repaired@123`), `no_foot`, `unlabelled`, `loops` ..."""
    contacts: np.ndarray | None = None
    """(frames, 4) bool: left heel, left toe, right heel, right toe on the ground."""
    meta: dict[str, Any] = field(default_factory=dict)
    """Anything else that is JSON: importer's report, derivation."""

    def __post_init__(self) -> None:
        poses = np.ascontiguousarray(self.poses, dtype=np.float32)
        trans = np.ascontiguousarray(self.trans, dtype=np.float32)
        object.__setattr__(self, "poses", poses)
        object.__setattr__(self, "trans", trans)
        frames = len(poses)
        if poses.shape != (frames, len(JOINT_NAMES), 3) or trans.shape != (frames, 3):
            raise InvalidInput(
                f"Clip {self.name!r} has poses {poses.shape} and trans {trans.shape}.",
                "It needs (frames, 22, 3) and (frames, 3).",
            )
        if not 0 < frames <= MAX_FRAMES:
            raise InvalidInput(f"Clip {self.name!r} has {frames:,} frames.", f"It needs 1 to {MAX_FRAMES:,}.")
        if not (np.isfinite(self.fps) and 0 < self.fps <= 1000):
            raise InvalidInput(f"Clip {self.name!r} has a rate of {self.fps:g} fps.", "It needs 0 to 1,000.")
        if not (np.isfinite(poses).all() and np.isfinite(trans).all()):
            bad = np.flatnonzero(~(np.isfinite(poses).all((1, 2)) & np.isfinite(trans).all(1)))
            raise InvalidInput(
                f"Clip {self.name!r} has values that are not numbers in {len(bad)} frames, first in frame {bad[0]}.",
                "Cut or repair those frames in the program that wrote it.",
            )
        # A wild value would pass through everything and end as a character somewhere in space.
        if np.abs(poses).max() > MOST_RADIANS or np.abs(trans).max() > MOST_METRES:
            raise InvalidInput(
                f"Clip {self.name!r} turns a joint by {np.abs(poses).max():.3g} rad, its pelvis is "
                f"{np.abs(trans).max():.3g} m away.",
                f"It may have {MOST_RADIANS:g} rad and {MOST_METRES:g} m: look at its units.",
            )
        if self.contacts is not None and self.contacts.shape != (frames, 4):
            raise InvalidInput(f"Clip {self.name!r} has contacts {self.contacts.shape}.", "They need (frames, 4).")

    def __len__(self) -> int:
        return len(self.poses)

    @property
    def seconds(self) -> float:
        """Duration."""
        return len(self) / self.fps

    def with_(self, **changes: Any) -> Clip:
        """A copy with some fields replaced."""
        return replace(self, **changes)

    def cut(self, start: int, end: int) -> Clip:
        """Frames [start, end), labels clipped to them."""
        labels = tuple(
            Label(l.text, max(l.start, start) - start, min(l.end, end) - start)
            for l in self.labels
            if min(l.end, end) > max(l.start, start)
        )
        contacts = None if self.contacts is None else self.contacts[start:end]
        return self.with_(poses=self.poses[start:end], trans=self.trans[start:end], labels=labels, contacts=contacts)

    def digest(self) -> str:
        """sha256 of the motion and its labels: the clip's identity, whatever its file looks like."""
        h = hashlib.sha256()
        h.update(self.poses.tobytes())
        h.update(self.trans.tobytes())
        h.update(json.dumps([self.fps, [asdict(l) for l in self.labels]], sort_keys=True).encode())
        return h.hexdigest()


def save_clip(path: str | Path, clip: Clip) -> None:
    """Write a clip as one compressed .npz of plain arrays; poses in float16, atomically."""
    header = {
        "version": CLIP_VERSION,
        "name": clip.name,
        "fps": clip.fps,
        "labels": [asdict(l) for l in clip.labels],
        "source": clip.source,
        "licence": clip.licence,
        "kind": clip.kind,
        "flags": list(clip.flags),
        "meta": clip.meta,
        "leg_length": LEG_LENGTH,
    }
    arrays: dict[str, Any] = {
        "poses": clip.poses.astype(np.float16),
        "trans": clip.trans.astype(np.float32),
        "header": np.frombuffer(json.dumps(header, sort_keys=True).encode(), np.uint8),
    }
    if clip.contacts is not None:
        arrays["contacts"] = clip.contacts.astype(bool)
    save_npz(path, compress=True, **arrays)


def load_clip(path: str | Path) -> Clip:
    """Read what `save_clip` wrote.

    Raises:
        InvalidInput: damaged, or not a clip. Incompatible: of a later version.
    """
    path = Path(path)
    data = load_npz(path)
    if not {"poses", "trans", "header"} <= set(data):
        raise InvalidInput(f"{path.name} is not an Impromptu clip.", "Import it with `impromptu library add`.")
    try:
        header = json.loads(data["header"].tobytes())
        if header["version"] > CLIP_VERSION:
            raise Incompatible(f"{path.name} is of clip version {header['version']}.", "Update Impromptu to read it.")
        return Clip(
            name=header["name"],
            poses=data["poses"],
            trans=data["trans"],
            fps=float(header["fps"]),
            labels=tuple(Label(**l) for l in header["labels"]),
            source=header["source"],
            licence=header["licence"],
            kind=header["kind"],
            flags=tuple(header["flags"]),
            contacts=data.get("contacts"),
            meta=header["meta"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInput(f"{path.name} has a damaged header: {error}.", "Import the original again.") from error
