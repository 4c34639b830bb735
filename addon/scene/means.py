"""Which files of sliders an actor's body has: those that ship for its model, of the gender that it shows."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import bpy
import numpy as np

from ...backend.protocol import InvalidInput
from ...backend.protocol.slider_map import SliderMap, read_sliders, shipped_file
from .gender import MEANS, built_as, gender_of
from .handles import skin_of
from .provenance import read
from .shape_arrays import keys_of, labels_of
from .slider_state import FAMILY, Words


@lru_cache(maxsize=1)
def shipped() -> tuple[tuple[Path, SliderMap], ...]:
    """Every file of sliders that came with the add-on; read once.

    Raises:
        ImpromptuError: one is damaged.
    """
    return tuple((path, read_sliders(path)) for path in sorted(shipped_file("body").parent.glob("*_*.npz")))


def files_for(rig: bpy.types.Object) -> dict[str, tuple[Path, SliderMap]]:
    """Coefficients (`betas`, `expression`) -> the file that ships for this body; empty for a body without any.

    Of several templates it is that of the gender that the body shows, then of the one that it was built as.
    """
    mine: dict[str, list[tuple[Path, SliderMap]]] = {}
    for path, found in shipped():
        if is_made_for(rig, found):
            mine.setdefault(str(found.about.get("coefficients", "")), []).append((path, found))
    ranks = [gender_of(rig), built_as(rig), "neutral"]

    def rank(entry: tuple[Path, SliderMap]) -> int:
        template = entry[1].about.get("template")
        return ranks.index(template) if template in ranks else len(ranks)

    return {name: min(files, key=rank) for name, files in mine.items() if name in FAMILY}


def is_made_for(rig: bpy.types.Object, sliders: SliderMap) -> bool:
    """Whether sliders were learnt from this very model, by its sum, or by the names of all its axes."""
    skin, about = skin_of(rig), sliders.about
    if skin is None or about.get("coefficients") not in FAMILY:
        return False
    keys = keys_of(skin, FAMILY[about["coefficients"]])
    if len(keys) < len(sliders.mean):
        return False
    body = read(rig).get("body")
    known = body.get("sha256") if isinstance(body, dict) else None
    if known and about.get("model_sha256"):
        return known == about["model_sha256"]
    labels, names = labels_of(skin), about.get("names") or []
    return bool(names) and [labels.get(key.name) for key in keys[: len(names)]] == list(names)


def offset_of(rig: bpy.types.Object, gender: str, count: int) -> np.ndarray:
    """(count,) betas of a gender's mean body, measured from the mean that this body was built as."""
    skin, there, here = skin_of(rig), MEANS.get(gender, {}), MEANS.get(built_as(rig), {})
    labels = labels_of(skin) if skin else {}
    axes = [labels.get(key.name, "") for key in keys_of(skin)] if skin else []
    return np.array([there.get(axis, 0.0) - here.get(axis, 0.0) for axis in axes[:count]])


def words_for(rig: bpy.types.Object, path: str | Path | None = None) -> list[Words]:
    """The sliders that an actor can have: from the files that ship for its body, or from one file.

    Args:
        path: a file that `impromptu semantify train` wrote; none: those that ship.

    Raises:
        InvalidInput: the file is damaged, or for more coefficients than this body has.
        AssetsMissing: there is no such file.
    """
    if path is None:
        return [_words(rig, p, found, True) for p, found in files_for(rig).values()]
    found = read_sliders(path)
    name, skin = str(found.about.get("coefficients", "betas")), skin_of(rig)
    if name not in FAMILY or skin is None or len(keys_of(skin, FAMILY[name])) < len(found.mean):
        raise InvalidInput(
            f"{Path(path).name} is for another body than {rig.name}'s.", "Train sliders on this body's model file."
        )
    return [_words(rig, Path(path), found, False)]


def _words(rig: bpy.types.Object, path: Path, found: SliderMap, ships: bool) -> Words:
    name, count = str(found.about.get("coefficients", "betas")), len(found.mean)
    centre = np.zeros(count)
    if name == "betas" and ships:
        centre = offset_of(rig, str(found.about.get("template", "neutral")), count)
    arrays = {**vars(found), "mean": found.mean + centre}
    return Words(SliderMap(**arrays), centre, name, path.name if ships else str(path), ships)
