"""Legs and arms found by the shape of the tree and the lengths of bones, whatever the joints are called."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ..kinematics import Array, unit
from .source import Source

# Lengths relative to each other in adults, from the hip or shoulder down.
THIGH_TO_SHIN, FOOT_TO_SHIN, HIP_TO_THIGH = 0.95, 0.4, 0.15
UPPER_TO_FORE, HAND_TO_FORE, COLLAR_TO_UPPER = 1.1, 0.6, 0.4
FRAMES = 60
WORST = 8.0
"""Cost above which a tree is not a human's."""


@dataclass(frozen=True)
class _Tree:
    """A skeleton with lengths."""

    source: Source
    children: list[list[int]]
    lengths: Array
    reach: Array
    """(joints,) length of the longest way down from each joint."""

    def chain(self, joint: int) -> list[int]:
        """The joint and its longest way down."""
        out = [joint]
        while self.children[out[-1]]:
            out.append(max(self.children[out[-1]], key=lambda j: self.lengths[j] + self.reach[j]))
        return out


def _tree(source: Source) -> _Tree:
    rest = source.rest()
    parents = np.array(source.parents)
    lengths = np.where(parents >= 0, np.linalg.norm(rest - rest[np.maximum(parents, 0)], axis=1), 0.0)
    reach = np.zeros(len(parents))
    for j in range(len(parents) - 1, -1, -1):
        if parents[j] >= 0:
            reach[parents[j]] = max(reach[parents[j]], reach[j] + lengths[j])
    return _Tree(source, source.children(), lengths, reach)


def _twins(tree: _Tree, a: int, b: int) -> bool:
    """Whether two branches mirror each other: as long, bone by bone."""
    one, two = ([tree.lengths[j] for j in tree.chain(start)[1:5]] for start in (a, b))
    if len(tree.chain(a)) < 3 or len(tree.chain(b)) < 3 or abs(len(one) - len(two)) > 1:
        return False
    total = max(sum(one), sum(two), 1e-9)
    whole = [tree.reach[j] for j in (a, b)]
    return max(whole) > 0 and abs(whole[0] - whole[1]) < 0.12 * max(whole) and (
        sum(abs(x - y) for x, y in zip(one, two, strict=False)) < 0.2 * total
    )  # fmt: skip


def _pairs(tree: _Tree) -> list[tuple[int, int, int, float]]:
    """(joint, branch, branch, reach) wherever two branches mirror each other."""
    out = []
    for joint, kids in enumerate(tree.children):
        for a, b in combinations(kids, 2):
            if _twins(tree, a, b):
                out.append((joint, a, b, float(min(tree.reach[a], tree.reach[b]))))
    return out


def _split(
    tree: _Tree, branch: int, first: float, ends: float, ratio: float, virtual: frozenset[int]
) -> tuple[float, list[int]] | None:
    """The three joints of a limb on a branch's longest chain, and how far their lengths are from a human's.

    Args:
        tree: the skeleton.
        branch: where the limb starts.
        first: usual length before the limb's first joint, relative to its first bone.
        ends: usual length beyond its last joint, relative to its second bone.
        ratio: usual length of its first bone relative to the second.
        virtual: ends of bones, which are no joints.
    """
    chain = tree.chain(branch)
    along = np.cumsum([0.0] + [float(tree.lengths[j]) for j in chain[1:]])
    best: tuple[float, list[int]] | None = None
    for i, j, k in combinations(range(min(len(chain), 9)), 3):
        upper, lower = along[j] - along[i], along[k] - along[j]
        if min(upper, lower) <= 0.15 * along[-1]:
            continue
        before, after = along[i] / upper, (along[-1] - along[k]) / lower
        cost = abs(np.log(upper / lower / ratio)) * 2
        cost += abs(before - first) * 0.5 + abs(after - ends) * (0.8 if k < len(chain) - 1 else 0.3)
        # Of joints in one place, or twist bones on the way, the first of each bone is meant.
        cost += 0.02 * (i + j + k)
        # An ankle or a wrist is a joint, unless the limb has none there.
        cost += 0.5 * (chain[k] in virtual)
        if best is None or cost < best[0]:
            best = (float(cost), [chain[i], chain[j], chain[k]])
    return best


def limbs_by_topology(source: Source, virtual: frozenset[int], sides: dict[int, str]) -> dict[str, int] | None:
    """Hips, knees, ankles, toes, collars, shoulders, elbows and wrists; None where the tree is not a human's.

    Args:
        source: with a joint at each bone's end.
        virtual: those ends.
        sides: what the names say about each joint's side; empty where they say nothing.
    """
    tree = _tree(source)
    pairs = _pairs(tree)
    best: tuple[float, dict[str, list[int]]] | None = None
    for low, la, lb, leg in pairs:
        for high, aa, ab, arm in pairs:
            line = source.ancestors(high)
            if low not in line or {aa, ab} & {la, lb} or la in line or lb in line:
                continue
            limbs = {
                "leg_a": _split(tree, la, HIP_TO_THIGH, FOOT_TO_SHIN, THIGH_TO_SHIN, virtual),
                "leg_b": _split(tree, lb, HIP_TO_THIGH, FOOT_TO_SHIN, THIGH_TO_SHIN, virtual),
                "arm_a": _split(tree, aa, COLLAR_TO_UPPER, HAND_TO_FORE, UPPER_TO_FORE, virtual),
                "arm_b": _split(tree, ab, COLLAR_TO_UPPER, HAND_TO_FORE, UPPER_TO_FORE, virtual),
            }
            if any(limb is None for limb in limbs.values()):
                continue
            cost = sum(limb[0] for limb in limbs.values() if limb)
            cost += 2 * abs(np.log(leg / arm / 1.15)) - 0.5 * np.log((leg + arm) / tree.reach.max())
            if best is None or cost < best[0]:
                best = (float(cost), {name: limb[1] for name, limb in limbs.items() if limb})
    if best is None or best[0] > WORST:
        return None
    return _named(source, tree, best[1], virtual, sides)


def _spoken_side(tree: _Tree, start: int, sides: dict[int, str]) -> int:
    """+1 where names below a joint say left, -1 right, 0 where they say nothing."""
    votes, stack = 0, [start]
    while stack:
        joint = stack.pop()
        votes += {"left": 1, "right": -1}.get(sides.get(joint, ""), 0)
        stack += tree.children[joint]
    return int(np.sign(votes))


def _left_of(places: Array, limbs: dict[str, list[int]], toes: dict[str, int | None]) -> float:
    """Positive where leg a is the left one: by where the toes point or, without toes, where the knees bend."""

    def at(joint: int) -> Array:
        return places[:, joint]

    hips = (at(limbs["leg_a"][0]) + at(limbs["leg_b"][0])) / 2
    up = unit((at(limbs["arm_a"][0]) + at(limbs["arm_b"][0])) / 2 - hips)
    forward = np.zeros_like(up)
    for leg in ("leg_a", "leg_b"):
        hip, knee, ankle = (at(j) for j in limbs[leg])
        toe = toes[leg]
        if toe is not None:
            forward += unit(at(toe) - ankle)
        thigh, line = unit(knee - hip), unit(ankle - hip)
        forward += 0.5 * (thigh - (thigh * line).sum(1, keepdims=True) * line)
    across = at(limbs["leg_a"][0]) - at(limbs["leg_b"][0])
    return float((unit(across) * np.cross(up, forward)).sum(1).mean())


def _named(
    source: Source, tree: _Tree, limbs: dict[str, list[int]], virtual: frozenset[int], sides: dict[int, str]
) -> dict[str, int]:
    """Sides for the limbs, by names where they speak, else by geometry over the frames; collars and toes."""
    places = source.cut(slice(None, None, max(1, len(source) // FRAMES))).pose()[1]
    toes: dict[str, int | None] = {}
    for leg in ("leg_a", "leg_b"):
        below = [j for j in tree.chain(limbs[leg][2])[1:] if tree.lengths[j] > 0]
        toes[leg] = below[0] if below else None
    spoken = _spoken_side(tree, limbs["leg_a"][0], sides) - _spoken_side(tree, limbs["leg_b"][0], sides)
    leg_left = spoken > 0 if spoken else _left_of(places, limbs, toes) > 0
    legs = places[:, limbs["leg_a"][0]] - places[:, limbs["leg_b"][0]]
    arms = places[:, limbs["arm_a"][0]] - places[:, limbs["arm_b"][0]]
    same = float((unit(legs) * unit(arms)).sum(1).mean()) > 0
    arm_left = leg_left if same else not leg_left
    out: dict[str, int] = {}
    for letter in "ab":
        leg_side = "left" if leg_left == (letter == "a") else "right"
        arm_side = "left" if arm_left == (letter == "a") else "right"
        for bone, joint in zip(("hip", "knee", "ankle"), limbs[f"leg_{letter}"], strict=True):
            out[f"{leg_side}_{bone}"] = joint
        for bone, joint in zip(("shoulder", "elbow", "wrist"), limbs[f"arm_{letter}"], strict=True):
            out[f"{arm_side}_{bone}"] = joint
        toe = toes[f"leg_{letter}"]
        if toe is not None:
            out[f"{leg_side}_foot"] = toe
        shoulder = limbs[f"arm_{letter}"][0]
        parent = source.parents[shoulder]
        # A collar belongs to one arm only.
        if parent >= 0 and limbs["arm_b" if letter == "a" else "arm_a"][0] not in _below(tree, parent):
            out[f"{arm_side}_collar"] = parent
    return out


def _below(tree: _Tree, joint: int) -> set[int]:
    out, stack = set(), [joint]
    while stack:
        top = stack.pop()
        out.add(top)
        stack += tree.children[top]
    return out
