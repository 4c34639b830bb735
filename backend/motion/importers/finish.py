"""The last steps that all importers share: names, labels, the floor, the frame rate."""

from __future__ import annotations

import re
from pathlib import Path

from ..clip import Clip, Label


def _words_of(text: str) -> frozenset[str]:
    """The words of a list that is written as text."""
    return frozenset(text.split())


_CAMEL = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_NOT_WORDS = _words_of(
    """
        dataset data set take scene clip motion mocap anim animation test file export final retarget
        retargeted humanoid3d humanoid poses stageii bvh npz char chr skeleton the untitled cmu amass
        subject trial capture session copy new default sequence seq track mixamo com ver version fbx
        """
)
_SHORT_WORDS = _words_of(
        """
        a an at by go hi hop in jab jog nod of off on out run sad sit to up bow cut dig fly get hit jump
        kick lie low old pat pet pick pull push put rub sew spin tap tie try two wave walk
        """
    )  # fmt: skip


def clip_name(stem: str) -> str:
    """An identifier from a file's name: letters, digits, `_`, `-`, `.`."""
    return re.sub(r"[^A-Za-z0-9_.\-]+", "_", stem).strip("._-") or "clip"


def label_of(stem: str) -> str:
    """The words in a file's name, `walk_backwards` -> `walk backwards`; empty where it is a number or a code."""
    words = [word.lower() for part in re.split(r"[\W_]+", stem) for word in _CAMEL.findall(part)]
    kept = [w for w in words if not w.isdigit() and w not in _NOT_WORDS and (len(w) > 2 or w in _SHORT_WORDS)]
    readable = [w for w in kept if re.search(r"[aeiouy]", w)]
    return " ".join(readable) if readable and any(len(w) > 2 for w in readable) else ""


def labelled(clip: Clip, text: str) -> Clip:
    """The clip with one label over all of it, or flagged `unlabelled` where there is no text."""
    if text:
        return clip.with_(labels=(Label(text, 0, len(clip)),))
    return clip.with_(flags=(*clip.flags, "unlabelled"))


def finished(clip: Clip, fps: float, lowered: bool = True) -> Clip:
    """The clip at `fps`, standing on the floor."""
    # Here, not above: they pull in the whole tool chest, which reading a file's header does not need.
    from ..ops import ground, resample

    kind, meta = clip.kind, clip.meta
    clip = resample(clip, fps) if clip.fps != fps else clip
    clip = ground(clip) if lowered else clip
    return clip.with_(kind=kind, meta=meta)


def source_name(path: Path) -> str:
    """What a clip's `source` says when the file does not: its name and its folder's."""
    return f"{path.parent.name}/{path.name}" if path.parent.name else path.name
