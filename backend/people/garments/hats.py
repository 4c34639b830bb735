"""Hats, helmets and what else is worn on the head."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..atlas import Atlas, cover, ramp, to_hull
from ..cut import Cut, GarmentKind
from ..inks import BLACK, GOLD, SECOND, WHITE, Paint, shade
from .turned import hat, scalp, turned

HIDDEN = ("hair", "tail")
"""Pieces of hair that what covers the whole head hides."""


def _cap(atlas: Atlas) -> Cut:
    def visor(radius: np.ndarray, height: np.ndarray, angle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        ahead = np.clip(np.cos(angle) * 1.6 - 0.6, 0, 1) ** 0.5
        brim = radius > 1.001
        return np.where(brim, 1 + (radius - 1) * ahead, radius), np.where(brim, height - 0.012 * ahead, height)

    def inks(height: np.ndarray, angle: np.ndarray) -> Sequence[Paint]:
        seams = np.clip(1.2 - 9 * np.abs(np.sin(3 * angle)), 0, 1) * (height > 0.004)
        return ((0.5 * seams, shade(0.6)), ((height < 0.001) & (np.cos(angle) > 0.3), SECOND))

    profile = ((0.0, 0.095), (0.35, 0.09), (0.7, 0.07), (0.93, 0.04), (1.0, 0.004), (1.002, 0.0), (1.75, -0.006))
    return hat(atlas, turned(atlas, profile, shape=visor, paint=inks))


def _police_cap(atlas: Atlas) -> Cut:
    def visor(radius: np.ndarray, height: np.ndarray, angle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        ahead = np.clip(np.cos(angle) * 1.6 - 0.6, 0, 1) ** 0.5
        brim = (radius > 1.001) & (height < 0.0)
        top = np.where(height > 0.05, 0.018 * np.cos(angle) * radius, 0)
        return np.where(brim, 1 + (radius - 1) * ahead, radius), np.where(brim, height - 0.014 * ahead, height + top)

    def inks(height: np.ndarray, angle: np.ndarray) -> Sequence[Paint]:
        badge = (height > 0.01) & (height < 0.06) & (np.cos(angle) > 0.96)
        brim = (height < 0.002) & (np.cos(angle) > 0.3)
        return (((height < 0.036) & (height > 0.001), shade(0.35)), (brim, BLACK), (badge, GOLD))

    profile = (
        (0.0, 0.085),
        (1.2, 0.082),
        (1.38, 0.075),
        (1.36, 0.068),
        (1.02, 0.038),
        (1.0, 0.003),
        (1.002, -0.001),
        (1.55, -0.004),
    )
    return hat(atlas, turned(atlas, profile, shape=visor, paint=inks))


def _top_hat(atlas: Atlas) -> Cut:
    profile = (
        (0.0, 0.19),
        (1.08, 0.19),
        (1.1, 0.187),
        (0.98, 0.1),
        (1.0, 0.008),
        (1.02, 0.004),
        (1.55, 0.004),
        (1.6, 0.014),
    )
    return hat(atlas, turned(atlas, profile, ribbon=(0.006, 0.045)))


def _curled(amount: float) -> Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    def shape(radius: np.ndarray, height: np.ndarray, angle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        out = (radius - 1.05).clip(0)
        crease = np.where(height > 0.1, 0.02 * (1 - np.abs(np.sin(angle))) * (radius < 0.5), 0)
        return radius, height + amount * out * np.sin(angle) ** 2 - crease

    return shape


def _cowboy_hat(atlas: Atlas) -> Cut:
    profile = (
        (0.0, 0.105),
        (0.3, 0.11),
        (0.72, 0.128),
        (0.82, 0.12),
        (0.95, 0.06),
        (1.0, 0.006),
        (1.05, 0.0),
        (1.6, -0.004),
        (2.2, 0.0),
    )
    return hat(atlas, turned(atlas, profile, shape=_curled(0.085), ribbon=(0.002, 0.03)))


def _fedora(atlas: Atlas) -> Cut:
    profile = (
        (0.0, 0.1),
        (0.3, 0.103),
        (0.75, 0.115),
        (0.85, 0.108),
        (0.97, 0.06),
        (1.0, 0.006),
        (1.03, 0.0),
        (1.6, -0.004),
    )
    return hat(atlas, turned(atlas, profile, shape=_curled(0.03), ribbon=(0.002, 0.034)))


def _sun_hat(atlas: Atlas) -> Cut:
    profile = (
        (0.0, 0.1),
        (0.45, 0.095),
        (0.8, 0.075),
        (0.97, 0.04),
        (1.0, 0.004),
        (1.05, 0.0),
        (1.8, -0.012),
        (2.7, -0.03),
    )
    return hat(atlas, turned(atlas, profile, ribbon=(0.002, 0.03)))


def _wizard_hat(atlas: Atlas) -> Cut:
    profile = ((0.02, 0.36), (0.2, 0.27), (0.45, 0.17), (0.75, 0.08), (1.0, 0.006), (1.05, 0.0), (2.3, -0.012))
    return hat(atlas, turned(atlas, profile, ribbon=(0.004, 0.035)))


def _santa_hat(atlas: Atlas) -> Cut:
    def inks(height: np.ndarray, angle: np.ndarray) -> Sequence[Paint]:
        return ((height < 0.042, WHITE), (height > 0.235, WHITE))

    profile = (
        (0.0, 0.31),
        (0.3, 0.295),
        (0.36, 0.27),
        (0.28, 0.245),
        (0.14, 0.234),
        (0.5, 0.14),
        (0.98, 0.045),
        (1.14, 0.04),
        (1.16, 0.004),
        (1.0, -0.004),
    )
    return hat(atlas, turned(atlas, profile, paint=inks))


def _chef_hat(atlas: Atlas) -> Cut:
    def puffed(radius: np.ndarray, height: np.ndarray, angle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return radius * (1 + 0.05 * np.cos(9 * angle) * (height > 0.08)), height

    profile = ((0.0, 0.2), (0.9, 0.2), (1.28, 0.175), (1.3, 0.145), (1.0, 0.085), (0.98, 0.08), (1.0, 0.0))
    return hat(atlas, turned(atlas, profile, shape=puffed))


def _crown(atlas: Atlas) -> Cut:
    def spikes(radius: np.ndarray, height: np.ndarray, angle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        tip = np.abs((angle * 8 / (2 * np.pi)) % 1 - 0.5) * 2
        return radius, np.where(height > 0.03, 0.03 + (height - 0.03) * (0.1 + 0.9 * tip), height)

    def inks(height: np.ndarray, angle: np.ndarray) -> Sequence[Paint]:
        gems = (np.abs(height - 0.018) < 0.009) & (np.cos(8 * angle) > 0.5)
        return ((gems, SECOND),)

    profile = ((0.98, 0.05), (1.08, 0.075), (1.1, 0.075), (1.03, 0.03), (1.02, 0.018), (1.0, 0.0))
    piece = turned(atlas, profile, shape=spikes, paint=inks, down=-0.012)
    return Cut(np.zeros(len(atlas.v)), hem=1.0, pieces=(piece,))


def _hard_hat(atlas: Atlas) -> Cut:
    def visor(radius: np.ndarray, height: np.ndarray, angle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        brim = radius > 1.06
        long = 0.4 + 0.6 * np.clip(np.cos(angle), 0, 1)
        ridge = 0.008 * (np.abs(np.sin(angle)) < 0.2) * (radius < 0.9)
        return np.where(brim, 1.06 + (radius - 1.06) * long, radius), height + ridge

    profile = ((0.0, 0.118), (0.4, 0.112), (0.75, 0.09), (0.98, 0.05), (1.06, 0.006), (1.07, 0.0), (1.5, -0.01))
    return hat(atlas, turned(atlas, profile, room=0.018, shape=visor), lift=0.006)


def _beanie(atlas: Atlas) -> Cut:
    field = scalp(atlas, 0.012)
    cuff = cover(0.042 - field, 0.006)
    away = atlas.v - atlas.skull[0]
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    ribs = np.clip(0.5 + 0.5 * np.cos(np.arctan2(atlas.x, atlas.z - atlas.skull[0][2]) * 26), 0, 1)
    push = (0.014 + 0.008 * cuff + 0.012 * ramp(field, 0.06, 0.11))[:, None] * away
    return Cut(cover(field, 0.006), 0.0, 0.0, push, ((0.35 * ribs, shade(0.6)), (0.35 * cuff, SECOND)), 0.6)


def _headband(atlas: Atlas) -> Cut:
    field = np.minimum(scalp(atlas, 0.006), 0.036 - scalp(atlas, 0.006))
    return Cut(cover(field, 0.006), 0.008, 0.0, hem=0.8)


def _round_head(atlas: Atlas, room: float) -> np.ndarray:
    """(V, 3) from the head, ears and all, to a smooth shell around it, `room` metres off."""
    out = np.zeros_like(atlas.v, dtype=np.float64)
    centre, _ = atlas.skull
    own = np.flatnonzero(np.isin(atlas.owner, ("head", "jaw")) & (atlas.y > atlas.eyes[1] - 0.09))
    skin = own[~atlas.region("left_ear", "right_ear")[own]]
    out[own] = to_hull(atlas.v[own].astype(np.float64), centre, atlas.v[skin].astype(np.float64))
    away = (atlas.v - centre) / np.linalg.norm(atlas.v - centre, axis=1, keepdims=True)
    return out + room * away


def _helmet(atlas: Atlas) -> Cut:
    """A knight's: skull, cheeks and neck, open over the face."""
    face = np.hypot(atlas.side / 0.055, (atlas.y - atlas.eyes[1] + 0.028) / 0.078) - 1
    open_face = np.where(atlas.z > atlas.skull[0][2] + 0.02, face * 0.06, 1.0)
    head = np.isin(atlas.owner, ("head", "jaw", "neck")) & (atlas.y > atlas.joints["neck"][1] + 0.045)
    field = np.where(head, np.minimum(open_face, atlas.y - atlas.joints["neck"][1] - 0.055), -1.0)
    push = _round_head(atlas, 0.02)
    crest = cover(0.005 - atlas.side, 0.006) * (atlas.y > atlas.eyes[1] + 0.05)
    return Cut(
        cover(field, 0.006),
        0.0,
        0.0,
        push + (0.014 * crest)[:, None] * atlas.normals,
        ((crest, shade(0.5)),),
        0.4,
        drops=HIDDEN,
    )


def _headscarf(atlas: Atlas) -> Cut:
    field = np.where(np.isin(atlas.owner, ("head", "jaw", "neck")), 1.0, -1.0)
    face = np.hypot(atlas.side / 0.062, (atlas.y - atlas.eyes[1] + 0.015) / 0.078) - 1
    field = np.where(atlas.z > atlas.skull[0][2] + 0.01, np.minimum(field, face * 0.07), field)
    neck = atlas.joints["neck"]
    field = np.maximum(field, np.where((atlas.y < neck[1] + 0.03) & ~atlas.on_arm, 0.15 - atlas.side, -1.0))
    field = np.minimum(field, atlas.y - neck[1] + 0.06 + 0.3 * (atlas.z - neck[2]).clip(0))
    folds = 0.5 + 0.5 * np.sin(60 * (atlas.y + 0.6 * atlas.side))
    push = (
        _round_head(atlas, 0.009) + (0.022 * ramp(atlas.y, neck[1] + 0.045, neck[1] - 0.005))[:, None] * atlas.normals
    )
    return Cut(
        cover(field, 0.008),
        0.0,
        0.0,
        push,
        ((0.3 * folds * (atlas.y < atlas.eyes[1] - 0.06), shade(0.6)),),
        0.6,
        drops=HIDDEN,
    )


_HEAD = ("hair",)
_COSTUME, _WINTER, _SUMMER = (frozenset((tag,)) for tag in ("costume", "winter", "summer"))
KINDS = (
    GarmentKind("cap", "hat", _cap, 80, _HEAD, second="visor", tags=frozenset(("sport", "summer"))),
    GarmentKind("beanie", "hat", _beanie, 80, _HEAD, ("wool",), second="cuff", tags=_WINTER),
    GarmentKind("top hat", "hat", _top_hat, 80, _HEAD, ("silk",), second="ribbon", colours=("black", "grey", "white"),
                tags=frozenset(("formal", "costume"))),
    GarmentKind("cowboy hat", "hat", _cowboy_hat, 80, _HEAD, ("leather", "straw"), second="ribbon",
                colours=("brown", "beige", "black", "white"), tags=_COSTUME),
    GarmentKind("fedora", "hat", _fedora, 80, _HEAD, ("wool",), second="ribbon", tags=frozenset(("formal",))),
    GarmentKind("sun hat", "hat", _sun_hat, 80, _HEAD, ("straw",), second="ribbon", colours=("beige", "white",
                "yellow"),
                gender="female", tags=_SUMMER),
    GarmentKind("wizard hat", "hat", _wizard_hat, 80, _HEAD, ("velvet",), second="ribbon", tags=_COSTUME),
    GarmentKind("santa hat", "hat", _santa_hat, 80, _HEAD, ("velvet",), colours=("red",), tags=_COSTUME),
    GarmentKind("chef hat", "hat", _chef_hat, 80, _HEAD, colours=("white",),
                tags=frozenset(("work",))),
    GarmentKind("police cap", "hat", _police_cap, 80, _HEAD, colours=("navy blue", "black"),
                tags=frozenset(("work",))),
    GarmentKind("crown", "hat", _crown, 80, (), ("brass",), second="gems", colours=("yellow",), tags=_COSTUME),
    GarmentKind("hard hat", "hat", _hard_hat, 80, _HEAD, ("rubber",), colours=("yellow", "white", "orange", "red",
                "blue"),
                tags=frozenset(("work",))),
    GarmentKind("knight's helmet", "hat", _helmet, 80, _HEAD, ("steel", "brass"), colours=("light grey",
                "grey"),
                tags=_COSTUME),
    GarmentKind("headband", "hat", _headband, 80, (),
                tags=frozenset(("sport",))),
    GarmentKind("headscarf", "hat", _headscarf, 80, ("hair", "neck"), ("cotton", "silk"), ("plain", "dotted",
                "checked"),
                gender="female"),
)  # fmt: skip
