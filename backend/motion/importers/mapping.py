"""Which source joint each of our joints follows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from .source import Source

LIMB_JOINTS = tuple(
    f"{side}_{bone}" for bone in ("hip", "knee", "ankle", "shoulder", "elbow", "wrist") for side in ("left", "right")
)
"""Without these twelve there is no body to move."""


@dataclass(frozen=True)
class Mapping:
    """A skeleton matched to ours."""

    joints: dict[str, int]
    """Our joint -> the source's: pelvis, the twelve of the limbs and, where there are, collars, toes, neck, head."""
    spine: tuple[int, ...]
    """Source joints above the pelvis up to the chest, from which the arms branch; may be empty."""
    virtual: frozenset[int] = frozenset()
    """Source joints that are only the end of a bone: they give a direction but no rotation."""
    how: str = "names"
    """`names` or `topology`."""
    convention: str = "unknown"
    flags: tuple[str, ...] = field(default=())

    @property
    def chest(self) -> int:
        """The joint that carries the arms."""
        return self.spine[-1] if self.spine else self.joints["pelvis"]

    def turning(self, joint: str) -> int | None:
        """The source joint whose rotation drives one of ours; None where there is none."""
        index = self.joints.get(joint)
        return None if index is None or index in self.virtual else index


def with_ends(source: Source) -> tuple[Source, frozenset[int]]:
    """The skeleton with a joint at the end of each leaf's bone, and which joints these are."""
    extra = sorted(source.ends)
    count = len(source.names)
    if not extra:
        return source, frozenset()
    still = np.broadcast_to(np.eye(3), (len(source), len(extra), 3, 3))
    grown = Source(
        source.names + tuple(f"{source.names[j]}_end" for j in extra),
        source.parents + tuple(extra),
        np.concatenate([source.offsets, [source.ends[j] for j in extra]]),
        np.concatenate([source.rotations, still], axis=1),
        source.positions,
        source.fps,
    )
    return grown, frozenset(range(count, count + len(extra)))


def needed(source: Source, mapping: Mapping) -> list[int]:
    """The real joints that a mapping needs: those it names, and all above them."""
    used = [*mapping.joints.values(), *mapping.spine]
    real = {a for j in used for a in source.ancestors(j) if a not in mapping.virtual}
    return sorted(real)


def narrowed(mapping: Mapping, before: Source, after: Source, kept: list[int], ends: frozenset[int]) -> Mapping:
    """The mapping for a skeleton of which some joints were kept.

    Args:
        mapping: for `before`.
        before, after: both with their bones' ends as joints.
        kept: the real joints of `before` that `after` has, in its order.
        ends: the ends in `after`.
    """
    place = {joint: i for i, joint in enumerate(kept)}
    by_parent = {after.parents[end]: end for end in ends}
    for joint in mapping.virtual:
        if before.parents[joint] in place:
            place[joint] = by_parent[place[before.parents[joint]]]
    joints = {name: place[j] for name, j in mapping.joints.items()}
    return replace(mapping, joints=joints, spine=tuple(place[j] for j in mapping.spine), virtual=ends)


def spine_names(source: Source, mapping: Mapping) -> dict[str, str]:
    """Our spine joints -> the source's that drive them (see `retarget`)."""
    names = [source.names[j] for j in mapping.spine]
    count = len(names)
    if count < 3:
        return dict(zip({0: (), 1: ("spine3",), 2: ("spine1", "spine3")}[count], names, strict=True))
    picks = (max(round(count / 3), 1) - 1, round(2 * count / 3) - 1, count - 1)
    return {f"spine{i + 1}": names[pick] for i, pick in enumerate(picks)}
