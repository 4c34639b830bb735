"""What an actor's word sliders are and where they stand: custom properties of the rig, readable in any .blend.

    coefficients = rest + move @ values, within the file's limit

`values` are the sliders, `rest` is what no slider says of this body. Shape keys follow both by plain drivers, so
nothing of the add-on has to run for them to move. `fit` is where the sliders stood when the rest joints were put in
their place; what lies between it and the present values is made up for by drivers on the bones (`slider_moves`).
It is kept with the joints, in the armature data: whatever undo brings back, the two belong together.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import bpy
import numpy as np

from ...backend.protocol import ImpromptuError
from ...backend.protocol.slider_map import SliderMap, from_arrays, to_arrays
from .actions import curves_of
from .handles import skin_of
from .shape_arrays import keys_of

STORED = "impromptu_words"
"""Custom property of the rig: its sliders as JSON."""
PREFIX = {"betas": "word_", "expression": "face_"}
"""Coefficients -> what the names of their custom properties begin with."""
FAMILY = {"betas": "SHAPE", "expression": "EXPRESSION"}
NOW, STEP, FIT, REST = "_now", "_step", "_fit", "rest_"
CLOSE = 1e-5


@dataclass(frozen=True)
class Words:
    """d sliders over the first k coefficients of one family of an actor's shape keys."""

    map: SliderMap
    centre: np.ndarray
    """(k,) coefficients that the limit is counted from: the mean body's."""
    coefficients: str
    """`betas` or `expression`."""
    source: str
    """The file that they were read from."""
    shipped: bool
    """Whether that file came with the add-on, so that another gender has one too."""

    @property
    def names(self) -> list[str]:
        """(d) custom properties of the rig, one a slider: `word_long_legs`."""
        return [f"{PREFIX[self.coefficients]}{word.replace(' ', '_')}" for word in self.map.words]

    @property
    def paths(self) -> list[str]:
        """(d) their RNA paths, as F-curves name them."""
        return [f'["{name}"]' for name in self.names]

    @property
    def rests(self) -> list[str]:
        """(k) custom properties of the armature data: the coefficients less what the sliders give."""
        return [f"{PREFIX[self.coefficients]}{REST}{k}" for k in range(len(self.map.mean))]

    def bounds(self, rest: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(k,) least and greatest coefficients; what lies beyond the limit already may stay there."""
        low, high = self.centre - self.map.limit, self.centre + self.map.limit
        return np.minimum(low, rest), np.maximum(high, rest)

    def coefficients_at(self, rest: np.ndarray, values: np.ndarray) -> np.ndarray:
        """(k,) what the drivers give for (k,) rest and (d,) values."""
        low, high = self.bounds(rest)
        return (rest + self.map.move @ self.map.clip(values)).clip(low, high)

    def split(self, coefficients: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(d,) values and (k,) rest of (k,) coefficients: what the sliders say of them, and what is left."""
        values = self.map.clip(self.map.values(coefficients))
        rest = coefficients - self.map.move @ values
        if np.abs(self.coefficients_at(rest, values) - coefficients).max(initial=0) > CLOSE:
            # A body beyond the limit keeps its shape: the sliders begin at 0 from there.
            values, rest = np.zeros(len(values)), coefficients.copy()
        return values, rest


def pack(found: Sequence[Words]) -> str:
    """Sliders as the text that the rig carries."""
    return json.dumps(
        {
            w.coefficients: {
                "source": w.source,
                "shipped": w.shipped,
                "centre": w.centre.tolist(),
                "arrays": {
                    name: np.round(a, 6).tolist() if a.dtype.kind == "f" else a.tolist()
                    for name, a in to_arrays(w.map).items()
                },
            }
            for w in found
        }
    )


@lru_cache(maxsize=64)
def unpack(text: str) -> tuple[Words, ...]:
    """The sliders of a rig's text; none where somebody has damaged it."""
    try:
        held = json.loads(text)
        return tuple(_one(name, entry) for name, entry in held.items() if name in PREFIX)
    except (ImpromptuError, ValueError, KeyError, TypeError, AttributeError):
        return ()


def _one(name: str, entry: dict) -> Words:
    arrays = {key: np.array(value) for key, value in entry["arrays"].items()}
    read, centre = from_arrays(arrays), np.array(entry["centre"], np.float64)
    if centre.shape != read.mean.shape:
        raise ValueError(name)
    return Words(read, centre, name, str(entry["source"]), bool(entry["shipped"]))


def words_of(rig: bpy.types.Object, coefficients: str = "") -> tuple[Words, ...]:
    """The sliders that an actor has and that still drive its mesh.

    Args:
        coefficients: of this family alone.
    """
    text = rig.get(STORED)
    if not isinstance(text, str):
        return ()
    found = (w for w in unpack(text) if coefficients in ("", w.coefficients))
    return tuple(w for w in found if _whole(rig, w))


def _whole(rig: bpy.types.Object, words: Words) -> bool:
    """Whether properties and drivers are there; a person may have deleted some."""
    skin = skin_of(rig)
    if skin is None or any(name not in rig for name in words.names) or any(n not in rig.data for n in words.rests):
        return False
    animation, keys = skin.data.shape_keys.animation_data, keys_of(skin, FAMILY[words.coefficients])
    if animation is None or len(keys) < len(words.rests):
        return False
    return animation.drivers.find(f'key_blocks["{keys[0].name}"].value') is not None


def values_of(rig: bpy.types.Object, words: Words) -> np.ndarray:
    """(d,) where the sliders stand, within their ranges."""
    return words.map.clip(np.array([float(rig[name]) for name in words.names]))


def rest_of(rig: bpy.types.Object, words: Words) -> np.ndarray:
    """(k,) coefficients less what the sliders give."""
    return np.array([float(rig.data[name]) for name in words.rests])


def fit_of(rig: bpy.types.Object, words: Words) -> np.ndarray:
    """(d,) slider values that the rest joints stand for."""
    return np.array([float(rig.data.get(name + FIT, 0.0)) for name in words.names])


def write_fit(rig: bpy.types.Object, words: Words, values: np.ndarray) -> None:
    """Note for which (d,) slider values the rest joints stand."""
    for name, value in zip(words.names, values, strict=True):
        rig.data[name + FIT] = float(value)


def write_values(rig: bpy.types.Object, words: Words, values: np.ndarray, rest: np.ndarray | None = None) -> None:
    """Set the sliders to (d,) values, the rest to (k,), and the shape keys to what the drivers will make of both."""
    values = words.map.clip(values)
    for name, value in zip(words.names, values, strict=True):
        rig[name] = float(value)
    if rest is None:
        rest = rest_of(rig, words)
    else:
        for name, value in zip(words.rests, rest, strict=True):
            rig.data[name] = float(value)
    skin = skin_of(rig)
    keys = keys_of(skin, FAMILY[words.coefficients]) if skin else []
    for key, value in zip(keys, words.coefficients_at(rest, values), strict=False):
        key.value = float(value)
    # Blender evaluates nothing anew for a custom property that a script sets.
    rig.data.update_tag()
    rig.update_tag()


def is_keyed(rig: bpy.types.Object, words: Words) -> bool:
    """Whether an action, a strip or a driver moves any of the sliders."""
    animation = rig.animation_data
    if animation is None:
        return False
    paths = set(words.paths)
    if any(animation.drivers.find(path) is not None for path in paths):
        return True
    actions = [None] if animation.action else []
    actions += [strip.action for track in animation.nla_tracks for strip in track.strips if strip.action]
    return any(curve.data_path in paths for action in actions for curve in curves_of(rig, action))


def absorb(rig: bpy.types.Object) -> None:
    """Let the sliders say what they can of shape keys that were just set, and the rest hold what they cannot.

    Keyed sliders stay as they are keyed. The joints' fit moves along, so that no bone moves by this.
    """
    skin = skin_of(rig)
    for words in words_of(rig):
        keys = keys_of(skin, FAMILY[words.coefficients])[: len(words.rests)]
        wanted, before = np.array([key.value for key in keys]), values_of(rig, words)
        if is_keyed(rig, words):
            values, rest = before, wanted - words.map.move @ before
        else:
            values, rest = words.split(wanted)
        write_values(rig, words, values, rest)
        if words.coefficients == "betas":
            write_fit(rig, words, fit_of(rig, words) + values - before)


def joint_betas(rig: bpy.types.Object, betas: np.ndarray) -> np.ndarray:
    """(S,) betas that the rest joints have to stand for: present ones; with keyed sliders those of the joints' fit.

    Args:
        betas: (S,) of the shape keys, which lag behind sliders that a script has just moved.
    """
    out = np.array(betas, np.float64)
    for words in words_of(rig, "betas"):
        values = fit_of(rig, words) if is_keyed(rig, words) else values_of(rig, words)
        out[: len(words.rests)] = words.coefficients_at(rest_of(rig, words), values)
    return out


def note_fit(rig: bpy.types.Object) -> None:
    """Say that the rest joints stand for the sliders' present values, unless these are keyed."""
    for words in words_of(rig, "betas"):
        if not is_keyed(rig, words) and is_unsettled(rig):
            write_fit(rig, words, values_of(rig, words))
            rig.data.update_tag()
            rig.update_tag()


def is_unsettled(rig: bpy.types.Object) -> bool:
    """Whether bones make up for sliders that moved since the rest joints were put in their place."""
    return any(
        np.abs(values_of(rig, w) - fit_of(rig, w)).max(initial=0) > CLOSE and not is_keyed(rig, w)
        for w in words_of(rig, "betas")
    )
