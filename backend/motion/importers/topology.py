"""Legs and arms found by the shape of the tree and the lengths of bones, whatever the joints are called."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np

from ..kinematics import Array, unit
from .source import Source

# Lengths relative to each other in adults, from the hip or shoulder down.
LEG = (0.15, 0.4, 0.95, 0.8)
"""What comes before the thigh relative to it, foot to shin, thigh to shin; the cost of no foot."""
ARM = (0.4, 0.6, 1.1, 0.0)
FRAMES = 60
BENT = 0.1
"""Sine of the angle from which a joint is taken to bend."""
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
    places: Array
    """(frames, joints, 3) where the joints are in some frames."""

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
    places = source.cut(slice(None, None, max(1, len(source) // FRAMES))).pose()[1]
    return _Tree(source, source.children(), lengths, reach, places)


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


def _bends(tree: _Tree, chain: list[int]) -> Array:
    """(len(chain),) 0 to 1: how surely each joint bends; 1 for all where the frames show nothing."""
    steps = [unit(tree.places[:, b] - tree.places[:, a]) for a, b in pairwise(chain)]
    long = [i for i, joint in enumerate(chain[1:]) if tree.lengths[joint] > 0.02 * tree.reach[chain[0]]]
    bends = np.zeros(len(chain))
    for before, after in pairwise(long):
        sine = np.linalg.norm(np.cross(steps[before], steps[after]), axis=1).max()
        # Joints in one place bend together.
        bends[before + 1 : after + 1] = min(1.0, float(sine) / BENT)
    return bends if bends.max(initial=0.0) >= 1 else np.ones(len(chain))


def _costs(
    tree: _Tree, branch: int, usual: tuple[float, float, float, float], virtual: frozenset[int]
) -> dict[tuple[int, int, int], float]:
    """How far three places on a branch's longest chain are from the three joints of a human's limb.

    Args:
        tree: the skeleton.
        branch: where the limb starts.
        usual: `LEG` or `ARM`.
        virtual: ends of bones, which are no joints.
    """
    before_first, ends, ratio, tipless = usual
    chain = tree.chain(branch)
    along = np.cumsum([0.0] + [float(tree.lengths[j]) for j in chain[1:]])
    bends = _bends(tree, chain)
    out = {}
    for i, j, k in combinations(range(min(len(chain), 9)), 3):
        upper, lower = along[j] - along[i], along[k] - along[j]
        if min(upper, lower) <= 0.15 * along[-1]:
            continue
        before, after = along[i] / upper, (along[-1] - along[k]) / lower
        cost = abs(np.log(upper / lower / ratio)) * 2
        cost += abs(before - before_first) * 0.5 + abs(after - ends) * (0.8 if k < len(chain) - 1 else 0.3)
        # Of joints in one place, or twist bones on the way, the first of each bone is meant.
        cost += 0.02 * (i + j + k)
        # An ankle or a wrist is a joint, where there is one; beyond an ankle there mostly is a foot.
        if k == len(chain) - 1:
            cost += 1.2 if chain[k] in virtual else tipless
        # Fingers branch off a hand.
        cost -= 0.3 * (sum(child not in virtual for child in tree.children[chain[k]]) > 1)
        # A knee or an elbow bends where anything does; a twist bone does not.
        cost += 0.6 * (1 - bends[j])
        out[i, j, k] = float(cost)
    return out


def _split(
    tree: _Tree, a: int, b: int, usual: tuple[float, float, float, float], virtual: frozenset[int]
) -> tuple[float, list[int], list[int]] | None:
    """The three joints of two limbs that mirror each other, at the same places on both; their cost."""
    one, two = (_costs(tree, branch, usual, virtual) for branch in (a, b))
    both = {at: one[at] + two[at] for at in one.keys() & two.keys()}
    if not both:
        return None
    at = min(sorted(both), key=both.__getitem__)
    return both[at], [tree.chain(a)[i] for i in at], [tree.chain(b)[i] for i in at]


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
            legs, arms = _split(tree, la, lb, LEG, virtual), _split(tree, aa, ab, ARM, virtual)
            if legs is None or arms is None:
                continue
            cost = (
                legs[0] + arms[0] + 2 * abs(np.log(leg / arm / 1.15)) - 0.5 * np.log((leg + arm) / tree.reach.max())
            )
            if best is None or cost < best[0]:
                best = (float(cost), {"leg_a": legs[1], "leg_b": legs[2], "arm_a": arms[1], "arm_b": arms[2]})
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


def _apart(tree: _Tree, limbs: dict[str, list[int]], kind: str) -> Array:
    """(frames, 3) from limb b to limb a at their first joints that are not in one place."""
    gaps = [
        tree.places[:, a] - tree.places[:, b] for a, b in zip(limbs[f"{kind}_a"], limbs[f"{kind}_b"], strict=True)
    ]
    far = 0.02 * float(tree.reach.max())
    return next((gap for gap in gaps if np.median(np.linalg.norm(gap, axis=1)) > far), gaps[-1])


def _named(
    source: Source, tree: _Tree, limbs: dict[str, list[int]], virtual: frozenset[int], sides: dict[int, str]
) -> dict[str, int]:
    """Sides for the limbs, by names where they speak, else by geometry over the frames; collars and toes."""
    places = tree.places
    toes: dict[str, int | None] = {}
    for leg in ("leg_a", "leg_b"):
        below = [j for j in tree.chain(limbs[leg][2])[1:] if tree.lengths[j] > 0]
        toes[leg] = below[0] if below else None
    spoken = _spoken_side(tree, limbs["leg_a"][0], sides) - _spoken_side(tree, limbs["leg_b"][0], sides)
    leg_left = spoken > 0 if spoken else _left_of(places, limbs, toes) > 0
    legs, arms = _apart(tree, limbs, "leg"), _apart(tree, limbs, "arm")
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
