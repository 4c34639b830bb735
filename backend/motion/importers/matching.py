"""From a skeleton of any naming to a `Mapping`: by name tables, then by topology."""

from __future__ import annotations

import numpy as np

from ...protocol import InvalidInput
from ..joint_names import JointName, bone_of, convention_of, reduce_names
from .calibration import STANDING, Body, body_of, oddness
from .mapping import LIMB_JOINTS, Mapping
from .source import Source
from .topology import limbs_by_topology

SIDES = ("left", "right")


def _depth(source: Source, joint: int) -> int:
    return len(source.ancestors(joint))


class _Names:
    """The joints of a skeleton by what their names say."""

    def __init__(self, source: Source, virtual: frozenset[int]) -> None:
        self.source = source
        self.reduced: list[JointName] = reduce_names(source.names)
        self.bones = ["" if j in virtual else bone_of(name) for j, name in enumerate(self.reduced)]

    def all(self, side: str, *bones: str) -> list[int]:
        """Joints of a side that mean one of the bones, the nearest to the root first."""
        found = [
            j for j, bone in enumerate(self.bones) if bone in bones and self.reduced[j].side == side
        ]  # fmt: skip
        return sorted(found, key=lambda j: _depth(self.source, j))

    def below(self, candidates: list[int], above: int | None) -> int | None:
        """The first candidate that descends from `above`."""
        for j in candidates:
            if above is None or (j != above and above in self.source.ancestors(j)):
                return j
        return None

    def leg(self, side: str) -> dict[str, int | None]:
        """hip, knee, ankle, foot (the toes' joint)."""
        shins = self.all(side, "shin")
        thigh = self.all(side, "thigh") or self.all(side, "hip")
        if not thigh and shins:
            thigh = self.all(side, "leg")
        hip = thigh[0] if thigh else None
        knee = self.below(shins or self.all(side, "leg"), hip)
        ankles = self.all(side, "ankle")
        ankle = self.below(ankles or self.all(side, "foot"), knee)
        toe = self.below(self.all(side, "toe") or (self.all(side, "foot") if ankles else []), ankle)
        return {"hip": hip, "knee": knee, "ankle": ankle, "foot": toe}

    def arm(self, side: str) -> dict[str, int | None]:
        """collar, shoulder, elbow, wrist."""
        upper = self.all(side, "upperarm")
        shoulders, collars = self.all(side, "shoulder"), self.all(side, "collar")
        elbows, wrists = self.all(side, "elbow"), self.all(side, "wrist")
        if not upper:
            # `LeftShoulder` is the upper arm where nothing else is; of two, the lower one.
            upper = shoulders[-1:] if shoulders else []
            shoulders = shoulders[:-1]
        # Two arms in a row without a forearm: `LeftArm`, `LeftLowArm` are known; `Arm1`, `Arm2` are not.
        if not elbows and len(upper) > 1:
            elbows = upper[1:]
        shoulder = upper[0] if upper else None
        elbow = self.below(elbows, shoulder)
        above = set(self.source.ancestors(shoulder)) if shoulder is not None else set()
        collar = next((j for j in collars + shoulders if j in above and j != shoulder), None)
        return {"collar": collar, "shoulder": shoulder, "elbow": elbow, "wrist": self.below(wrists, elbow)}

    def limbs(self) -> dict[str, int]:
        """All limb joints that the names give."""
        out: dict[str, int] = {}
        for side in SIDES:
            for bone, joint in {**self.leg(side), **self.arm(side)}.items():
                if joint is not None:
                    out[f"{side}_{bone}"] = joint
        return out


def _common(source: Source, joints: list[int]) -> int | None:
    """The lowest joint above (or at) all of some joints."""
    lines = [source.ancestors(j) for j in joints]
    return next((j for j in lines[0] if all(j in line for line in lines[1:])), None)


def _tips(source: Source, limbs: dict[str, int], virtual: frozenset[int]) -> dict[str, int]:
    """Toes and hands that only the end of a bone marks."""
    out = {}
    children = source.children()
    for side in SIDES:
        for name, parent in ((f"{side}_wrist", f"{side}_elbow"), (f"{side}_foot", f"{side}_ankle")):
            if name in limbs or parent not in limbs:
                continue
            ends = [j for j in children[limbs[parent]] if j in virtual]
            named = [j for j in children[limbs[parent]] if j not in virtual]
            # An unnamed joint at the end of the foot is its toes; a hand without a name needs the topology.
            if ends or (named and name.endswith("foot") and len(named) == 1):
                out[name] = (ends or named)[0]
    return out


def _collars(source: Source, limbs: dict[str, int]) -> dict[str, int]:
    """What carries one arm only, whatever it is called."""
    out = {}
    for side, other in (SIDES, SIDES[::-1]):
        above = source.parents[limbs[f"{side}_shoulder"]]
        if above >= 0 and above not in source.ancestors(limbs[f"{other}_shoulder"]):
            out[f"{side}_collar"] = above
    return out


def _centre(
    source: Source, names: _Names, limbs: dict[str, int], virtual: frozenset[int]
) -> tuple[dict[str, int], tuple[int, ...]]:
    """Pelvis, neck, head and the spine between, from where the limbs meet."""
    pelvis = _common(source, [limbs["left_hip"], limbs["right_hip"]])
    chest = _common(source, [limbs["left_shoulder"], limbs["right_shoulder"]])
    if pelvis is None or chest is None:
        raise InvalidInput("The limbs of the skeleton do not meet.", "Export the whole skeleton as one hierarchy.")
    heads, necks = names.all("", "head"), names.all("", "neck")
    if chest in necks and source.parents[chest] >= 0 and chest != pelvis:
        # 3ds Max hangs the collar bones on the neck.
        chest = source.parents[chest]
    meeting = _common(source, [pelvis, chest])
    line = source.ancestors(chest)
    spine = tuple(reversed(line[: line.index(meeting)])) if meeting in line else ()
    out = {"pelvis": pelvis}
    head = next((j for j in heads if chest in source.ancestors(j)), None)
    neck = next((j for j in necks if chest in source.ancestors(j) and j not in spine and j != chest), None)
    if neck is None or head is None:
        guess = _upward(source, chest, limbs, virtual)
        if neck is None and head is None and guess:
            neck, head = guess[0], guess[-1] if len(guess) > 1 else None
        elif head is None and neck in guess and guess[-1] != neck:
            head = guess[guess.index(neck) + 1]
        elif neck is None and head in guess and guess[0] != head:
            neck = guess[0]
    out |= {name: j for name, j in (("neck", neck), ("head", head)) if j is not None}
    return out, spine


def _upward(source: Source, chest: int, limbs: dict[str, int], virtual: frozenset[int]) -> list[int]:
    """The chain of joints that leaves the chest and is no arm or leg: neck to head."""
    taken = {j for limb in limbs.values() for j in source.ancestors(limb)}
    children = source.children()
    chain: list[int] = []
    ways = [j for j in children[chest] if j not in taken and j not in virtual]
    # Of several (breasts, straps, a tail) the one along the body's middle that reaches farthest.
    while ways and len(chain) < 4:
        joint = max(ways, key=lambda j: (_reach(source, children, j), -j))
        chain.append(joint)
        ways = [j for j in children[joint] if j not in virtual]
        if len(ways) > 1:
            break
    return chain


def _reach(source: Source, children: list[list[int]], joint: int) -> float:
    own = float((source.offsets[joint] ** 2).sum() ** 0.5)
    return own + max((_reach(source, children, child) for child in children[joint]), default=0.0)


def match(source: Source, virtual: frozenset[int], file: str) -> Mapping:
    """Which joints of a skeleton are which of ours.

    Args:
        source: with a joint at each bone's end (`with_ends`).
        virtual: those ends.
        file: the file's name, for messages.

    Raises:
        InvalidInput: it is not a human's skeleton; says what lacks.
    """
    names = _Names(source, virtual)
    limbs = names.limbs()
    limbs |= _tips(source, limbs, virtual)
    how = "names"
    lacking = [name for name in LIMB_JOINTS if name not in limbs]
    if lacking:
        found = limbs_by_topology(source, virtual, {j: n.side for j, n in enumerate(names.reduced)})
        if found is None:
            raise InvalidInput(_lack(file, source, virtual, limbs, lacking), _HINT)
        limbs, how = found, "topology" if len(lacking) > 6 else "names and topology"
        limbs |= {k: v for k, v in _tips(source, limbs, virtual).items() if k not in limbs}
    limbs |= {k: v for k, v in _collars(source, limbs).items() if k not in limbs}
    centre, spine = _centre(source, names, limbs, virtual)
    real = [name for j, name in enumerate(source.names) if j not in virtual]
    return Mapping({**centre, **limbs}, spine, virtual, how, convention_of(real))


def _four_legged(body: Body) -> bool:
    """Whether, in nearly all poses, the torso lies across the limbs, and arms and legs hang the same way."""
    along = [(bone * body.torso).sum(-1) for bone in (*body.thighs, *body.upper_arms)]
    together = ((body.thighs[0] + body.thighs[1]) * (body.upper_arms[0] + body.upper_arms[1])).sum(-1)
    return bool(np.mean(np.abs(np.mean(along, axis=0)) < 0.6) > 0.9 and np.mean(together > 0) > 0.9)


def refuse_four_legs(source: Source, mapping: Mapping, file: str) -> None:
    """Raise where a skeleton stands on four legs: its limbs look like a human's in every other way.

    A crawling human is told from a dog by its names, by having no tail, and by not resting on all fours.

    Raises:
        InvalidInput: in all frames the torso lies across the limbs; and joints are a tail's or without known
            names, or the rest pose is on four legs too.
    """
    tail = any(name.key == "tail" for name in reduce_names(source.names))
    rest = body_of(source.rest(), mapping)
    if oddness(rest, rest.torso) <= STANDING:
        return
    known = not tail and mapping.how == "names"
    legs = [*rest.thighs, *rest.upper_arms]
    # Joints with frames of their own rest in any pose; only an animal's has four limbs side by side.
    if known and not (_four_legged(rest) and min(a @ b for a in legs for b in legs) > 0.8):
        return
    if _four_legged(body_of(source.pose()[1], mapping)):
        raise InvalidInput(f"{file} holds the skeleton of an animal on four legs.", "Give a human's motion.")


_HINT = "A human needs two legs (hip, knee, ankle) and two arms (shoulder, elbow, wrist) below one root."


def _lack(file: str, source: Source, virtual: frozenset[int], limbs: dict[str, int], lacking: list[str]) -> str:
    """The sentence for a skeleton that is not a human's."""
    count = len(source.names) - len(virtual)
    missing = ", ".join(name.replace("_", " ") for name in lacking[:6])
    more = f" and {len(lacking) - 6} more" if len(lacking) > 6 else ""
    return f"{file} holds a skeleton of {count} joints that is not a whole human's: it lacks {missing}{more}."
