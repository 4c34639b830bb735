"""Which bones of an armature are which joints: presets by name, or a mapping that the importer's matcher made."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ...backend.protocol import InvalidInput

FOLDER = Path(__file__).resolve().parent.parent / "retarget_presets"
SIDES = {
    "left": {"S": "L", "s": "l", "side": "left", "Side": "Left"},
    "right": {"S": "R", "s": "r", "side": "right", "Side": "Right"},
}
LIMBS = ("hip", "knee", "ankle", "shoulder", "elbow", "wrist")
NEEDED = ("pelvis", *(f"{side}_{limb}" for side in SIDES for limb in LIMBS))
"""Joints without which there is no body to move."""
OPTIONAL = ("head", *(f"{side}_{name}" for side in SIDES for name in ("collar", "foot")))
FINGERS = tuple(f"{f}{k}" for f in ("thumb", "index", "middle", "ring", "pinky") for k in (1, 2, 3))


@dataclass(frozen=True)
class BoneMap:
    """An armature matched to our joints."""

    preset: str
    joints: dict[str, str]
    """Joint -> bone: pelvis, head, limbs, collars, feet and fingers, as far as they exist."""
    spine: tuple[str, ...] = ()
    """Bones between pelvis and arms, upwards."""
    neck: tuple[str, ...] = ()
    root: str = ""
    """Bone that carries the place, where that is not the pelvis."""
    also: dict[str, str] = field(default_factory=dict)
    """More bones that turn as a joint does: bone -> joint."""
    switches: dict[str, dict[str, float]] = field(default_factory=dict)
    """Bone -> custom property -> the value that puts the rig under its mapped bones."""
    measure: dict[str, str] = field(default_factory=dict)
    """Joint -> bone that shows where the joint goes, where that is not the mapped one."""
    helpers: tuple[str, ...] = ()
    """Prefixes of bones that nobody animates."""

    @property
    def missing(self) -> tuple[str, ...]:
        """Needed joints that no bone is known for."""
        return tuple(j for j in NEEDED if j not in self.joints)

    def used(self) -> set[str]:
        """Every bone that a joint drives."""
        return {*self.joints.values(), *self.spine, *self.neck, *self.also, *([self.root] if self.root else [])}

    def check(self, rig: str) -> BoneMap:
        """Itself, if a body can be moved by it.

        Raises:
            InvalidInput: limbs or the pelvis are unknown.
        """
        if self.missing:
            lost = ", ".join(self.missing[:4]) + (" ..." if len(self.missing) > 4 else "")
            raise InvalidInput(f"{rig} has no bones for {lost}.", "Choose another preset or match it by its shape.")
        return self


@cache
def presets() -> dict[str, dict[str, Any]]:
    """Name of each preset -> its table, read from the JSON files once."""
    return {p.stem: json.loads(p.read_text(encoding="utf-8")) for p in sorted(FOLDER.glob("*.json"))}


def preset_items() -> list[tuple[str, str, str]]:
    """Items of an enumeration: automatic, each preset, and the matcher."""
    out = [("AUTO", "Automatic", "Choose the preset whose names the armature has")]
    out += [(name, table["title"], f"Bone names of {table['title']}") for name, table in presets().items()]
    return out


def apply_preset(name: str, bones: Iterable[str]) -> BoneMap:
    """What a preset knows of an armature with these bones; letter case does not matter.

    Raises:
        InvalidInput: there is no such preset.
    """
    if name not in presets():
        raise InvalidInput(f"There is no preset {name!r}.", f"Use one of {', '.join(presets())}.")
    table = presets()[name]
    known = _known(bones, table.get("match", ""))

    def find(candidates: Iterable[str], **side: str) -> str:
        return next((known[c] for c in (c.format(**side).lower() for c in candidates) if c in known), "")

    joints = {"pelvis": find(table["pelvis"]), "head": find(table["head"])}
    also, measure = {}, {}
    for side, words in SIDES.items():
        for part, candidates in table["sided"].items():
            joints[f"{side}_{part}"] = find(candidates, **words)
        for part, more in table.get("also", {}).items():
            found = {find([m], **words) for m in more} - {"", joints[f"{side}_{part}"]}
            also |= {bone: f"{side}_{part}" for bone in sorted(found)}
        for part, bone in table.get("measure", {}).items():
            measure[f"{side}_{part}"] = find([bone], **words)
    return BoneMap(
        preset=name,
        joints={j: b for j, b in joints.items() if b},
        spine=tuple(filter(None, (find([b]) for b in table["spine"]))),
        neck=tuple(filter(None, (find([b]) for b in table["neck"]))),
        root=find([table["root"]]) if "root" in table else "",
        also=also,
        switches={known[b.lower()]: v for b, v in table.get("switches", {}).items() if b.lower() in known},
        measure={j: b for j, b in measure.items() if b},
        helpers=tuple(table.get("helpers", ())),
    )


def _known(bones: Iterable[str], match: str) -> dict[str, str]:
    """Name as the preset writes it, lower case -> the bone. Bones that need no prefix dropped come first."""
    out: dict[str, str] = {}
    for bone in bones:
        out.setdefault(re.sub(match, "", bone, count=1, flags=re.IGNORECASE).lower() if match else bone.lower(), bone)
    return out


def detect(bones: Iterable[str]) -> BoneMap | None:
    """The preset that knows most of an armature's bones, if it knows all that is needed; else None."""
    bones = tuple(bones)
    found = [apply_preset(name, bones) for name in presets()]
    # Controls beat the bones that they drive: a generated rig holds both.
    fitting = [m for m in found if not m.missing]
    return max(fitting, key=lambda m: (bool(m.switches), len(m.used())), default=None)


def from_mapping(mapping: Mapping[str, Any], bones: Iterable[str]) -> BoneMap:
    """The matcher's `mapping.json` ({"bones": {joint: bone}, "convention": str}) for an armature with these bones.

    Raises:
        InvalidInput: it is not of that form.
    """
    table, names = mapping.get("bones"), set(bones)
    if not isinstance(table, dict):
        raise InvalidInput("The mapping names no bones.", "Match the armature again.")
    kept = {str(j): str(b) for j, b in table.items() if b in names}
    spine = tuple(kept[j] for j in ("spine1", "spine2", "spine3") if j in kept)
    neck = (kept["neck"],) if "neck" in kept else ()
    fingers = {f"{side}_{f}" for side in SIDES for f in FINGERS}
    joints = {j: b for j, b in kept.items() if j in (*NEEDED, *OPTIONAL) or j in fingers}
    return BoneMap(f"matched ({mapping.get('convention', 'unknown')})", joints, tuple(dict.fromkeys(spine)), neck)


def read_mapping(path: str | Path, bones: Iterable[str]) -> BoneMap:
    """`from_mapping` of a file.

    Raises:
        InvalidInput: unreadable or not of that form.
    """
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidInput(f"The mapping cannot be read: {error}.", "Match the armature again.") from error
    return from_mapping(data if isinstance(data, dict) else {}, bones)
