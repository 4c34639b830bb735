"""`match`: which bones of a skeleton of any naming are which of our joints."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..context import JobContext
from ..files import read_json, write_json
from ..motion.importers.mapping import LIMB_JOINTS, spine_names, with_ends
from ..motion.importers.matching import match, refuse_four_legs
from ..motion.importers.source import Source
from ..motion.joint_names import convention_of
from ..motion.skeleton import JOINT_NAMES
from ..protocol import InvalidInput, MatchRequest

MOST_BONES = 5000
_FORMAT = "The skeleton's file is damaged"
_HINT = 'Write {"names": [...], "parents": [...], "heads": [[x, y, z]], "tails": [[x, y, z]]}.'
_LAYER = re.compile(r"^(DEF|ORG|MCH|VIS)[-_]", re.IGNORECASE)


@dataclass(frozen=True)
class Bones:
    """A skeleton at rest: parents before children, metres, y up."""

    names: tuple[str, ...]
    parents: tuple[int, ...]
    heads: np.ndarray
    tails: np.ndarray
    deform: tuple[bool, ...]


def run(request: MatchRequest, context: JobContext) -> tuple[dict[str, str], dict[str, Any]]:
    """Write `mapping.json`: `bones` (joint -> bone), `missing` (joints), `convention`, `note`.

    Raises:
        InvalidInput: the file is damaged, or the skeleton is not a human's. JobCancelled: asked to stop.
    """
    context.progress("Matching bones", 0, 1)
    mapping = match_bones(read_bones(request.skeleton))
    context.check()
    write_json(context.folder / "mapping.json", mapping)
    return {"mapping": "mapping.json"}, {"matched": len(mapping["bones"]), "missing": len(mapping["missing"])}


def read_bones(path: str | Path) -> Bones:
    """A skeleton from its file; `deform` in it ([bool], optional) says which bones move a mesh.

    Raises:
        InvalidInput: damaged, without bones, or with more than `MOST_BONES`.
    """
    data = read_json(path)
    try:
        names, parents = [str(n) for n in data["names"]], [int(p) for p in data["parents"]]
        heads, tails = (np.asarray(data[key], float).reshape(-1, 3) for key in ("heads", "tails"))
        deform = [bool(d) for d in data.get("deform", [True] * len(names))]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidInput(f"{_FORMAT}: {error}.", _HINT) from error
    count = len(names)
    if not 0 < count <= MOST_BONES:
        raise InvalidInput(f"The skeleton has {count} bones.", f"Give 1 to {MOST_BONES:,}.")
    if any(len(part) != count for part in (parents, heads, tails, deform)):
        raise InvalidInput(f"{_FORMAT}: its lists differ in length.", _HINT)
    if not (np.isfinite(heads).all() and np.isfinite(tails).all()):
        raise InvalidInput(f"{_FORMAT}: it has positions that are not numbers.", _HINT)
    depth = [_depth(parents, j) for j in range(count)]
    order = sorted(range(count), key=lambda j: depth[j])
    place = {j: i for i, j in enumerate(order)}
    return Bones(
        tuple(names[j] for j in order),
        tuple(place[parents[j]] if parents[j] >= 0 else -1 for j in order),
        heads[order],
        tails[order],
        tuple(deform[j] for j in order),
    )


def _depth(parents: list[int], joint: int) -> int:
    """How far below its root a bone is.

    Raises:
        InvalidInput: its parents lead in a circle, or nowhere.
    """
    depth = 0
    while joint >= 0:
        joint, depth = parents[joint] if joint < len(parents) else len(parents), depth + 1
        if depth > len(parents) or joint >= len(parents):
            raise InvalidInput(f"{_FORMAT}: a bone's parents lead nowhere.", _HINT)
    return depth


def match_bones(bones: Bones) -> dict[str, Any]:
    """The mapping, tried on the bones that move the mesh, then on those without controls, then on all.

    Raises:
        InvalidInput: no try finds a human; the last try's reason.
    """
    tries = []
    refused = InvalidInput("The armature holds no human's skeleton.", _HINT)
    for kept in _selections(bones):
        try:
            tries.append(_matched(narrowed(bones, kept)))
        except InvalidInput as error:
            refused = error
            continue
        if len(tries[-1]["bones"]) == len(JOINT_NAMES):
            break
    if not tries:
        raise refused
    return max(tries, key=lambda mapping: len(mapping["bones"]))


def _selections(bones: Bones) -> list[list[int]]:
    """Bones worth trying alone, the most promising selection first; none of fewer than the twelve of the limbs."""
    everything = range(len(bones.names))
    prefixed = [j for j in everything if bones.names[j].upper().startswith(("DEF-", "DEF_"))]
    deforming = [j for j in everything if bones.deform[j]]
    plain = [j for j in everything if not _LAYER.match(bones.names[j])]
    found: list[list[int]] = []
    for kept in (prefixed, deforming, plain, list(everything)):
        if len(kept) >= len(LIMB_JOINTS) and kept not in found:
            found.append(kept)
    return found or [list(everything)]


def narrowed(bones: Bones, kept: list[int]) -> Bones:
    """Some bones, each under its nearest kept ancestor.

    A rig's layers repeat one skeleton under prefixes (`ORG-thigh.L`, `DEF-thigh.L`): an ancestor in another layer
    stands for the kept bone of its name. One without any ancestor hangs where its head is nearest to a kept bone's.
    """
    place = {j: i for i, j in enumerate(kept)}
    twin = {_LAYER.sub("", bones.names[j]).lower(): j for j in reversed(kept)}
    parents: list[int] = []
    for j in kept:
        above = bones.parents[j]
        while above >= 0:
            stand_in = above if above in place else twin.get(_LAYER.sub("", bones.names[above]).lower(), -1)
            if stand_in >= 0 and stand_in != j and not _under(parents, place[stand_in], place[j]):
                above = stand_in
                break
            above = bones.parents[above]
        parents.append(place.get(above, -1))
    heads, tails = bones.heads[kept], bones.tails[kept]
    _join(parents, heads, tails)
    order = sorted(range(len(kept)), key=lambda i: _depth(parents, i))
    back = {i: n for n, i in enumerate(order)}
    return Bones(
        tuple(bones.names[kept[i]] for i in order),
        tuple(back[parents[i]] if parents[i] >= 0 else -1 for i in order),
        heads[order],
        tails[order],
        tuple(bones.deform[kept[i]] for i in order),
    )


def _under(parents: list[int], joint: int, ancestor: int) -> bool:
    """Whether `joint` descends from `ancestor`, as far as parents are known."""
    while 0 <= joint < len(parents):
        joint = parents[joint]
        if joint == ancestor:
            return True
    return False


def _join(parents: list[int], heads: np.ndarray, tails: np.ndarray) -> None:
    """One tree of several: the largest keeps its root, the others hang on the end of its bone that is nearest."""
    roots = [j for j, p in enumerate(parents) if p < 0]
    if len(roots) < 2:
        return
    owner = np.arange(len(parents))
    for j in range(len(parents)):
        top = j
        while parents[top] >= 0:
            top = parents[top]
        owner[j] = top
    main = max(roots, key=lambda r: int((owner == r).sum()))
    trunk = np.flatnonzero(owner == main)
    for root in roots:
        if root != main:
            gaps = np.minimum(
                np.linalg.norm(tails[trunk] - heads[root], axis=1), np.linalg.norm(heads[trunk] - heads[root], axis=1)
            )
            parents[root] = int(trunk[gaps.argmin()])


def _matched(bones: Bones) -> dict[str, Any]:
    """The importers' matcher on a skeleton at rest.

    Raises:
        InvalidInput: not a human's.
    """
    count = len(bones.names)
    above = np.maximum(bones.parents, 0)
    offsets = np.where(np.array(bones.parents)[:, None] >= 0, bones.heads - bones.heads[above], bones.heads)
    ends = {j: bones.tails[j] - bones.heads[j] for j in range(count) if j not in set(bones.parents)}
    rotations = np.broadcast_to(np.eye(3), (1, count, 3, 3)).copy()
    roots = {j: bones.heads[j][None] for j, p in enumerate(bones.parents) if p < 0}
    source, virtual = with_ends(Source(bones.names, bones.parents, offsets, rotations, roots, 30.0, ends))
    mapping = match(source, virtual, "The armature")
    refuse_four_legs(source, mapping, "The armature")
    named = {joint: source.names[j] for joint, j in mapping.joints.items() if j not in virtual}
    found = named | spine_names(source, mapping)
    missing = [joint for joint in JOINT_NAMES if joint not in found]
    note = f"Matched {len(found)} of {len(JOINT_NAMES)} joints by {mapping.how}."
    ordered = {joint: found[joint] for joint in JOINT_NAMES if joint in found}
    convention = mapping.convention
    if convention == "unknown":
        convention = convention_of([_LAYER.sub("", name) for name in bones.names])
    return {"bones": ordered, "missing": missing, "convention": convention, "note": note}
