"""The head's shape axes: readable directions between MakeHuman's parameters and detail targets."""

from __future__ import annotations

from ..shape_space import Axis

STEP = 0.3
"""Strength of a detail target in one unit of its axis, if nothing else is said: 3 units are about all of it."""


def _detail(name: str, *targets: str, step: float = STEP) -> Axis:
    """An axis of detail targets; those that start with l- come with their twin."""
    files = {}
    for target in targets:
        folder, _, stem = target.partition("/")
        for one in (stem, "r" + stem[1:]) if stem.startswith("l-") else (stem,):
            files[f"{folder}/{one}"] = step
    return Axis(name, files, 1.0)


AXES = (
    Axis("feminine", {"gender": 0.25}, 1.0),
    Axis("age", {"age": 0.25}, 1.1),
    Axis("weight", {"weight": 0.25, "head/head-fat-incr": 0.3, "neck/neck-double-incr": 0.2}, 1.2),
    Axis("features_1", {"race": (0.2, -0.1, -0.1)}, 1.1),
    Axis("features_2", {"race": (0.0, 0.2, -0.2)}, 1.1),
    _detail("head_height", "head/head-scale-vert-incr", step=0.18),
    _detail("head_width", "head/head-scale-horiz-incr", step=0.18),
    _detail("head_depth", "head/head-scale-depth-incr", step=0.2),
    _detail("square", "head/head-square"),
    _detail("wide_below", "head/head-triangular", step=0.4),
    Axis("muscle", {"muscle": 0.25}, 1.1),
    _detail("back_of_head", "head/head-back-scale-depth-incr", step=0.4),
    _detail("forehead_height", "forehead/forehead-scale-vert-incr", step=0.18),
    _detail("forehead_forward", "forehead/forehead-trans-forward"),
    _detail("temples", "forehead/forehead-temple-incr"),
    _detail("brow_height", "eyebrows/eyebrows-trans-up"),
    _detail("brow_ridge", "eyebrows/eyebrows-trans-forward"),
    _detail("brow_slant", "eyebrows/eyebrows-angle-up", step=0.45),
    _detail("eye_size", "eyes/l-eye-scale-incr"),
    _detail("eye_spacing", "eyes/l-eye-trans-out"),
    _detail("eye_slant", "eyes/l-eye-corner2-up", step=0.45),
    _detail("eye_bags", "eyes/l-eye-bag-incr", "eyes/l-eye-bag-out"),
    _detail("nose_length", "nose/nose-scale-vert-incr"),
    _detail("nose_width", "nose/nose-scale-horiz-incr"),
    _detail("nose_projection", "nose/nose-scale-depth-incr"),
    _detail("nose_hump", "nose/nose-hump-incr"),
    _detail("nose_bridge_width", "nose/nose-width1-incr", "nose/nose-width2-incr"),
    _detail("nose_tip_up", "nose/nose-point-up", step=0.25),
    _detail("nose_tip_width", "nose/nose-point-width-incr"),
    _detail("nostrils", "nose/nose-flaring-incr", "nose/nose-nostrils-width-incr"),
    _detail("mouth_width", "mouth/mouth-scale-horiz-incr"),
    _detail("mouth_height", "mouth/mouth-trans-up"),
    _detail("mouth_forward", "mouth/mouth-trans-forward"),
    _detail("upper_lip", "mouth/mouth-upperlip-volume-incr", "mouth/mouth-upperlip-height-incr"),
    _detail("lower_lip", "mouth/mouth-lowerlip-volume-incr", "mouth/mouth-lowerlip-height-incr"),
    _detail("mouth_corners", "mouth/mouth-angles-up", step=0.25),
    _detail("ear_size", "ears/l-ear-scale-incr"),
    _detail("ears_out", "ears/l-ear-wing-incr", step=0.5),
    _detail("ears_pointed", "ears/l-ear-shape-pointed"),
    _detail("chin_width", "chin/chin-width-incr"),
    _detail("chin_height", "chin/chin-height-incr", step=0.2),
    _detail("chin_forward", "chin/chin-prominent-incr"),
    _detail("chin_cleft", "chin/chin-cleft-incr"),
    _detail("jaw_width", "chin/chin-bones-incr", step=0.45),
    _detail("cheekbones", "cheek/l-cheek-bones-incr"),
    _detail("cheeks", "cheek/l-cheek-volume-incr", "cheek/l-cheek-inner-incr"),
    _detail("neck_width", "neck/neck-scale-horiz-incr", "neck/neck-scale-depth-incr", step=0.5),
    _detail("neck_length", "neck/neck-scale-vert-incr", step=0.15),
    _detail("double_chin", "neck/neck-double-incr", step=0.4),
)  # fmt: skip
"""In the order of the columns. `features_1` and `features_2` lie between MakeHuman's three sets of features."""
