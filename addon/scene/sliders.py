"""Word sliders of an actor: made, moved, reset, drawn at random, keyed, carried to another action, taken away."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import bpy
import numpy as np

from ...backend.protocol import InvalidInput
from .actions import Curves, curves_of
from .draws import bounded_normals
from .handles import own_data, why_not_reshaped
from .means import words_for
from .shape import require_shape, update_joints
from .shape_arrays import betas_of
from .slider_moves import add_joint_keys, drive_bones, drive_keys, drive_root, undrive
from .slider_state import (
    FAMILY,
    FIT,
    NOW,
    STEP,
    STORED,
    Words,
    is_unsettled,
    joint_betas,
    pack,
    values_of,
    words_of,
    write_fit,
    write_values,
)  # fmt: skip

USUAL = 2.0
"""Standard deviations that a slider reaches by dragging; typed values go to the range of the sampled bodies."""
PLAUSIBLE = 1.5
"""Standard deviations that random sliders stay within."""


def make_words(rig: bpy.types.Object, path: str | Path | None = None) -> list[str]:
    """Give an actor sliders named by words, in place of those of the same coefficients that it has.

    The body keeps its shape: sliders begin where they read it. Values and keys of words that it had stay.

    Args:
        path: a file of sliders; none: those that ship for this body and its gender.

    Returns:
        the words.

    Raises:
        InvalidInput: no file ships for this body, it is for another body, or the actor's shape cannot be changed.
        AssetsMissing: there is no such file.
    """
    require_shape(rig)
    found = words_for(rig, path)
    if not found:
        raise InvalidInput(
            f"No sliders ship for {rig.name}'s body.",
            "Train its own: impromptu semantify train --model FILE.",
        )
    own_data(rig)
    update_joints(rig)
    fresh = {w.coefficients for w in found}
    remove_words(rig, fresh)
    kept = [w for w in words_of(rig) if w.coefficients not in fresh]
    for words in found:
        _attach(rig, words)
    rig[STORED] = pack([*kept, *found])
    bpy.context.view_layer.update()
    return [word for words in found for word in words.map.words]


def _attach(rig: bpy.types.Object, words: Words) -> None:
    """Properties, drivers and keys of one set of sliders."""
    skin = require_shape(rig)
    betas = betas_of(skin, FAMILY[words.coefficients])
    values, rest = words.split(betas[: len(words.rests)])
    for i, name in enumerate(words.names):
        rig[name] = 0.0
        _describe(rig, words, i)
        rig[name + NOW] = float(values[i])
        if words.coefficients == "betas":
            rig[name + STEP] = 0.0
    write_values(rig, words, values, rest)
    drive_keys(rig, skin, words)
    if words.coefficients == "betas":
        write_fit(rig, words, values)
        add_joint_keys(rig, skin, words)
        drive_bones(rig, skin, words, betas)


def _describe(rig: bpy.types.Object, words: Words, i: int) -> None:
    """Range and tooltip of a slider's custom property."""
    word, opposite = words.map.words[i], words.map.opposites[i]
    low, high = float(words.map.low[i]), float(words.map.high[i])
    ends = f"{opposite} to {word}" if opposite else word
    rig.id_properties_ui(words.names[i]).update(
        min=low,
        max=high,
        soft_min=max(low, -USUAL),
        soft_max=min(high, USUAL),
        default=0.0,
        precision=2,
        description=f"How {word} the body is, in standard deviations of people: {ends}, 0 is the mean. It can be "
        "keyed, and works in renders without the add-on",
    )


def remove_words(rig: bpy.types.Object, coefficients: set[str] | None = None) -> None:
    """Take sliders away; the body stays as it is, and keys of the sliders stay in the action.

    Args:
        coefficients: of which families; none: all.

    Raises:
        InvalidInput: the actor's shape cannot be changed.
    """
    skin = require_shape(rig)
    gone = [w for w in words_of(rig) if coefficients is None or w.coefficients in coefficients]
    kept = [w for w in words_of(rig) if w not in gone]
    for words in gone:
        undrive(rig, skin, words)
        for name in words.names:
            for suffix in ("", NOW, STEP):
                rig.pop(name + suffix, None)
            rig.data.pop(name + FIT, None)
        for name in words.rests:
            rig.data.pop(name, None)
    if kept:
        rig[STORED] = pack(kept)
    else:
        rig.pop(STORED, None)


def set_words(rig: bpy.types.Object, values: Mapping[str, float], joints: bool = True) -> None:
    """Move sliders, within their ranges; the shape keys, and the joints, follow.

    Args:
        values: word -> value in standard deviations.
        joints: refit rest joints and root; without it bones make up for it until `settle`.

    Raises:
        InvalidInput: there is no such slider, or the actor's shape cannot be changed.
    """
    require_shape(rig)
    own_data(rig)
    held = words_of(rig)
    known = [word for words in held for word in words.map.words]
    wrong = next((word for word in values if word not in known), None)
    if wrong is not None:
        raise InvalidInput(
            f"There is no slider {wrong}.",
            f"Use one of {', '.join(known)}." if known else "Press Make Sliders.",
        )
    for words in held:
        present = values_of(rig, words)
        wanted = [values.get(word, now) for word, now in zip(words.map.words, present, strict=True)]
        write_values(rig, words, np.array(wanted, np.float64))
    if joints:
        settle(rig)


def reset_words(rig: bpy.types.Object) -> None:
    """All sliders at 0; what no slider says of the body stays."""
    set_words(rig, {word: 0.0 for words in words_of(rig) for word in words.map.words})


def random_words(rig: bpy.types.Object, seed: int, amount: float = 1.0) -> None:
    """Sliders at random, of a normal distribution drawn again beyond `PLAUSIBLE`; the same seed, the same values.

    Args:
        amount: 1 is as varied as people are, 0 is the mean.
    """
    names = [word for words in words_of(rig) for word in words.map.words]
    set_words(rig, {word: value * amount for word, value in bounded_normals(names, seed, PLAUSIBLE).items()})


def word_values(rig: bpy.types.Object) -> dict[str, float]:
    """Word -> where its slider stands."""
    return {
        word: float(value)
        for words in words_of(rig)
        for word, value in zip(words.map.words, values_of(rig, words), strict=True)
    }


def key_words(rig: bpy.types.Object, frame: float) -> int:
    """Key every slider at a frame of the scene.

    Returns:
        how many were keyed.

    Raises:
        InvalidInput: the actor has no sliders, or its shape cannot be changed.
    """
    require_shape(rig)
    paths = [path for words in words_of(rig) for path in words.paths]
    if not paths:
        raise InvalidInput(f"{rig.name} has no sliders.", "Press Make Sliders.")
    settle(rig)
    for path in paths:
        rig.keyframe_insert(path, frame=frame, group="Words")
    return len(paths)


def settle(rig: bpy.types.Object) -> bool:
    """Refit rest joints and root to where sliders stand, if nothing keys them, so that no bone makes up for anything.

    Returns:
        whether anything had to move.
    """
    if why_not_reshaped(rig) or not is_unsettled(rig):
        return False
    own_data(rig)
    update_joints(rig)
    return True


def renew(rig: bpy.types.Object) -> None:
    """Exchange the sliders that ship for those of the gender that the body now shows; the body stays as it is."""
    held = words_of(rig)
    wanted = {w.coefficients: w.source for w in words_for(rig)}
    if any(w.shipped and wanted.get(w.coefficients, w.source) != w.source for w in held):
        make_words(rig)


def follow_motion(rig: bpy.types.Object, old: bpy.types.Action | None) -> None:
    """Let sliders go on with another motion: with the keys that they had, and with feet on its ground.

    Args:
        old: the action that the rig played before.
    """
    carry_keys(rig, old)
    for words in words_of(rig, "betas"):
        skin = require_shape(rig)
        drive_root(rig, skin, words, joint_betas(rig, betas_of(skin)))


def is_word_path(rig: bpy.types.Object, path: str) -> bool:
    """Whether an F-curve's path is that of a slider of the actor."""
    return any(path in words.paths for words in words_of(rig))


def carry_keys(rig: bpy.types.Object, old: bpy.types.Action | None) -> int:
    """Copy the sliders' keys of another action into the rig's own, at the same frames.

    Args:
        old: the action that the rig played before.

    Returns:
        how many curves were copied.
    """
    new = rig.animation_data.action if rig.animation_data else None
    if old is None or new is None or old == new:
        return 0
    theirs = [curve for curve in curves_of(rig, old) if is_word_path(rig, curve.data_path)]
    there = {curve.data_path for curve in curves_of(rig, new)}
    theirs = [curve for curve in theirs if curve.data_path not in there]
    if not theirs:
        return 0
    curves = Curves(rig, new)
    for curve in theirs:
        _copy_keys(curve, curves.new(curve.data_path, curve.array_index, "Words"))
    return len(theirs)


def _copy_keys(curve: bpy.types.FCurve, made: bpy.types.FCurve) -> None:
    """Keys with their handles and ways between them, and what goes on before and after."""
    made.keyframe_points.add(len(curve.keyframe_points))
    for source, target in zip(curve.keyframe_points, made.keyframe_points, strict=True):
        target.co = source.co
        for name in ("interpolation", "easing", "handle_left_type", "handle_right_type", "type"):
            setattr(target, name, getattr(source, name))
        target.handle_left, target.handle_right = source.handle_left, source.handle_right
    made.extrapolation = curve.extrapolation
    made.update()
