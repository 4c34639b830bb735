"""Actions to picture: a frame that shows what its label says, the words for it, and which others it surely is not."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..files import read_json
from ..motion.ground import turn, yaw_of
from ..motion.kinematics import forward_kinematics, matrix_from_axis_angle
from ..motion.library import Library
from ..motion.skeleton import OFFSETS
from ..protocol import InvalidInput
from .bodies import Split
from .grammar import gerund

FILE = Path(__file__).with_name("actions.json")
MIDDLE = (0.2, 0.8)
"""Share of a label's frames in which what it says is looked for."""
SHOWN = 0.55
"""Of those frames, the share that is least like standing is pictured."""
SAMPLED = 6
"""Poses of a clip that it is compared by."""
UNLIKE = 0.17
"""Metres of mean joint distance between the nearest poses of two clips that nobody takes for one another."""
TEST_SHARE = 8
"""One group of actions in so many is kept for tests."""
STANDING = 0.12
"""Share of pictures in which a person just stands."""

LEGS_TO_HEAD = [7, 8, 10, 11, 12, 15]
"""Ankles, toes, neck and head, of the 22 joints."""
LEANING = [0, 9, 15]
"""Pelvis, chest and head: the one that leans most says how upright somebody is."""

_OWN = re.compile(
    r"(?<!the )(?<!both )(?<!\} )(?<!\ba )(?<!one )(?<!left )(?<!right )"
    r"\b((?:left |right )?(?:hand|foot|arm|leg)|head|arms|hands|hair|teeth|ears|toes|shoulders|fists|eyes|hips|"
    r"(?<=behind )back)\b"
)
"""Parts of the body that English gives an owner: raise {his} arms."""


@dataclass(frozen=True)
class Action:
    """One frame of a clip."""

    clip: str
    frame: int
    label: str
    """As the library has it."""
    phrases: tuple[str, ...]
    """What the person is doing, said in several ways: `waving`; `{his}` stands for the pronoun."""
    group: str
    """Actions of one group are never called different."""
    heading: float
    """Degrees to the left that the body faces, from +z."""
    upright: float
    """1 standing, 0 lying or bent to the floor, -1 head down."""
    stretched: float
    """Height of the joints, of that of a body that stands: small where it sits, bends or lies."""
    by_arms: bool
    """Whether it is seen without the legs."""

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Action:
        """Read what `to_json` wrote."""
        return cls(**{**value, "phrases": tuple(value["phrases"])})


@lru_cache(maxsize=1)
def _words() -> dict[str, Any]:
    words = read_json(FILE)
    words["verbs"] = frozenset(words["verbs"].split())
    words["by_arms"], words["from_behind"] = (frozenset(words[k].split()) for k in ("by_arms", "from_behind"))
    words["near"] = [frozenset(row.split()) for row in words["near"]]
    words["cannot_show"] = re.compile("|".join(rf"(?:^|(?<=\s)){w}(?=\s|$)" for w in words["cannot_show"]))
    words["unseen"] = frozenset(words["unseen"])
    words["vague"], words["still"] = (frozenset(words[k].split()) for k in ("vague", "still"))
    return words


def verbs() -> frozenset[str]:
    """Verbs that labels of motions begin with, in their plain form."""
    return _words()["verbs"]


@lru_cache(maxsize=8192)
def phrase_of(label: str) -> str:
    """`waving hello` of `wave hello`; nothing where a still picture cannot show what the label says."""
    words = _words()
    text = " ".join(label.lower().split())
    if text in words["phrases"]:
        return words["phrases"][text]
    text = " ".join(words["cannot_show"].sub(" ", text).split()).removeprefix("person ").strip(" ,")
    if text in words["phrases"]:
        return words["phrases"][text]
    first, _, rest = text.partition(" ")
    base = (
        first if first in words["verbs"] else next((v for v in words["verbs"] if first in (v + "s", gerund(v))), "")
    )
    if not base or re.search(r"[/,;:-]\s|[/;:]", text) or text in words["unseen"]:
        return ""
    rest = re.sub(r"\b(?<=and )(\w+)", lambda m: gerund(m[1]) if m[1] in words["verbs"] else m[1], rest)
    owned = _OWN.sub(r"{his} \1", rest)
    return f"{gerund(base)} {owned}".strip()


def group_of(clip: str, labels: Sequence[str] = ()) -> str:
    """The group of a clip, as `walk` of `walk_sad`: by its name where that says what its labels say, else by them."""
    words, parts = _words(), re.split(r"[_\W]+", clip.lower())
    for name in ("_".join(parts[:2]), parts[0]):
        if name in words["groups"]:
            return words["groups"][name]
    said = " ".join(labels).lower()
    if labels and parts[0][:4] not in said and parts[0] not in words["general"]:
        first = re.split(r"[\W]+", labels[0].lower())[0]
        base = next((v for v in words["verbs"] if first in (v, v + "s", gerund(v))), first)
        return words["groups"].get(base, base)
    return parts[0]


def seen_from_behind(group: str) -> bool:
    """Whether the arms of a group of `by_arms` are raised or spread, so that a back does not hide what they do."""
    return group in _words()["from_behind"]


def split_of_group(group: str) -> Split:
    """Which split pictures a group of actions; the general ones belong to both, and count as training's."""
    reserved = group not in _words()["general"] and zlib.crc32(group.encode()) % TEST_SHARE == 0
    return "test" if reserved else "train"


class Actions:
    """The labelled clips of a library, as far as a still picture can show what they say."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._ranges: dict[str, list[tuple[str, str, int, int]]] = {}
        for entry in library.entries:
            said = [(l.text, phrase_of(l.text), l.start, l.end) for l in entry.labels if l.end > l.start]
            if any(phrase for _, phrase, _, _ in said):
                self._ranges[entry.name] = [row for row in said if row[1]]
        if not self._ranges:
            raise InvalidInput(
                f"No label of {library.root} says what a picture can show.",
                "Use labels that begin with a verb: walk.",
            )
        self.group = {name: group_of(name, [row[0] for row in rows]) for name, rows in self._ranges.items()}
        self._clips: dict[str, tuple[NDArray[np.floating], ...]] = {}

    @cached_property
    def by_group(self) -> dict[Split, tuple[tuple[str, tuple[str, ...]], ...]]:
        """(group, its clips) of each split; training has those that tests do not keep, tests have all."""
        groups: dict[str, list[str]] = {}
        for name, group in self.group.items():
            groups.setdefault(group, []).append(name)
        whole = tuple((g, tuple(names)) for g, names in groups.items())
        return {"train": tuple(row for row in whole if split_of_group(row[0]) == "train") or whole, "test": whole}

    @lru_cache(maxsize=2)  # noqa: B019 -- as many as there are splits
    def _odds(self, split: Split) -> NDArray[np.floating]:
        """Cumulated odds of the groups: by the root of their clips, and in tests double for those kept for them."""
        weights = np.array(
            [
                len(names) ** 0.5 * (3 if split == "test" and split_of_group(group) == "test" else 1)
                for group, names in self.by_group[split]
            ]
        )
        return np.cumsum(weights / weights.sum())

    def sample(self, rng: np.random.Generator, split: Split) -> Action:
        """A frame of a label that shows it; of all groups about equally often."""
        groups = self.by_group[split]
        chance = rng.random(4).tolist()
        stand = next((names for group, names in groups if group == "stand"), None)
        if stand and chance[0] < STANDING:
            names = stand
        else:
            names = groups[min(int(np.searchsorted(self._odds(split), chance[1])), len(groups) - 1)][1]
        name = names[int(chance[2] * len(names))]
        ranges = self._ranges[name]
        label, _, start, end = ranges[int(chance[3] * len(ranges))]
        frame = self._telling(name, start, end, rng)
        heading, upright, stretched = self._posture(name, frame)
        group = self.group[name]
        phrases = [p for _, p, a, b in ranges if a <= frame < b]
        chosen = phrase_of(label)
        general: str | None = _words()["general"].get(group)
        ordered: dict[str, None] = dict.fromkeys([chosen, *([general] if general else []), *phrases])
        return Action(
            name, frame, label, tuple(ordered), group, heading, upright, stretched, group in _words()["by_arms"]
        )

    def _poses(self, name: str) -> tuple[NDArray[np.floating], ...]:
        """(frames, 22, 3) joints about the pelvis, facing +z; (frames,) yaw; (frames,) cosine of the most lean."""
        if name not in self._clips:
            clip = self._library.load(name)
            turned = matrix_from_axis_angle(clip.poses[:, 0])
            yaw = yaw_of(turned)
            rotations, joints = forward_kinematics(clip.poses, clip.trans, OFFSETS)
            joints = np.einsum("fij,fkj->fki", turn(-yaw), joints - joints[:, :1])
            self._clips[name] = (joints.astype(np.float32), yaw, rotations[:, LEANING, 1, 1].min(1))
        return self._clips[name]

    @lru_cache(maxsize=16384)  # noqa: B019 -- lives as long as the library's clips
    def _candidates(self, name: str, start: int, end: int) -> tuple[int, ...]:
        """Frames in the middle of a range that are least like standing with the arms down."""
        joints = self._poses(name)[0]
        count = min(end, len(joints)) - start
        low, high = start + int(count * MIDDLE[0]), start + max(int(count * MIDDLE[1]), int(count * MIDDLE[0]) + 1)
        apart = np.linalg.norm(joints[low:high] - _standing(), axis=2).mean(1)
        order = np.argsort(-apart, kind="stable")[: max(1, round(SHOWN * len(apart)))]
        return tuple(int(low + i) for i in np.sort(order))

    def _telling(self, name: str, start: int, end: int, rng: np.random.Generator) -> int:
        frames = self._candidates(name, start, end)
        return frames[int(rng.random() * len(frames))]

    def _posture(self, name: str, frame: int) -> tuple[float, float, float]:
        """`heading`, `upright` and `stretched` of an `Action`."""
        joints, yaw, upright = self._poses(name)
        high = np.ptp(joints[frame, LEGS_TO_HEAD, 1]) / np.ptp(_standing()[LEGS_TO_HEAD, 1])
        return round(float(np.degrees(yaw[frame])), 2), round(float(upright[frame]), 3), round(float(high), 3)

    @cached_property
    def _unlike(self) -> dict[str, tuple[str, ...]]:
        """For each clip those of other groups that no pose of it looks like."""
        names = list(self._ranges)
        poses = []
        for name in names:
            frames = [f for _, _, start, end in self._ranges[name][:1] for f in self._candidates(name, start, end)]
            picked = [frames[int(i)] for i in np.linspace(0, len(frames) - 1, SAMPLED)]
            poses.append(self._poses(name)[0][picked])
        stacked = np.stack(poses)
        found = {}
        for i, name in enumerate(names):
            apart = np.linalg.norm(stacked[:, None] - stacked[i][:, None], axis=-1).mean(-1).min((1, 2))
            found[name] = tuple(
                names[j] for j in np.flatnonzero(apart > UNLIKE) if self.group[names[j]] != self.group[name]
            )
        return found

    def others(self, action: Action) -> tuple[tuple[str, str], ...]:
        """(phrase, group) of actions that this picture does not show, and whose words say nothing that it does."""
        return self._others(action.clip)

    @lru_cache(maxsize=4096)  # noqa: B019 -- as many as there are clips
    def _others(self, clip: str) -> tuple[tuple[str, str], ...]:
        words, group = _words(), self.group[clip]
        # Whoever waves stands too, and may well be dancing; whoever sits does neither.
        vague = words["vague"] | (set() if group in words["still"] else {"stand", "dance"})
        vague |= {other for row in words["near"] if group in row for other in row}
        said = {w for _, phrase, _, _ in self._ranges[clip] for w in _telling_words(phrase)}
        found = {}
        for name in self._unlike.get(clip, ()):
            for _, phrase, _, _ in self._ranges[name]:
                if self.group[name] not in vague and not said & _telling_words(phrase):
                    found[phrase] = self.group[name]
        return tuple(found.items())


@lru_cache(maxsize=8192)
def _telling_words(phrase: str) -> frozenset[str]:
    """Stems of the words of a phrase that say something."""
    dull = {
        "the",
        "with",
        "and",
        "his",
        "for",
        "from",
        "like",
        "doing",
        "making",
        "taking",
        "standing",
        "while",
        "something",
    }
    return frozenset(w.removesuffix("ing")[:5] for w in re.findall(r"[a-z]{3,}", phrase) if w not in dull)


@lru_cache(maxsize=1)
def _standing() -> NDArray[np.floating]:
    """(22, 3) joints of a body that stands with its arms down."""
    poses = np.zeros((1, 22, 3))
    poses[0, 16, 2], poses[0, 17, 2] = -1.25, 1.25
    joints = forward_kinematics(poses, np.zeros((1, 3)), OFFSETS)[1][0]
    return joints - joints[:1]
