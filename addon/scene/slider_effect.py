"""Which vertices a word moves, as colours on the mesh (Semantify, figure 5)."""

from __future__ import annotations

import json

import bpy
import numpy as np

from ...backend.protocol import InvalidInput
from .shape import require_shape
from .shape_arrays import keys_of
from .shape_keys import basis_of
from .slider_state import FAMILY, Words, words_of

ATTRIBUTE = "Affected"
SHOWN = "impromptu_affected"
"""Custom property of the mesh: the word that is shown, and the colours that were active before."""
RAMP = np.array([[0.23, 0.27, 0.36], [0.16, 0.44, 0.60], [0.40, 0.70, 0.47], [0.95, 0.80, 0.27], [0.86, 0.22, 0.15]])
"""Linear RGB from what stands still to what moves most."""


def find_word(rig: bpy.types.Object, word: str) -> tuple[Words, int]:
    """The set of sliders that has a word, and its number there.

    Raises:
        InvalidInput: the actor has no such slider.
    """
    for words in words_of(rig):
        if word in words.map.words:
            return words, words.map.words.index(word)
    raise InvalidInput(f"There is no slider {word}.", "Press Make Sliders.")


def displacement(rig: bpy.types.Object, word: str) -> np.ndarray:
    """(V,) metres by which each vertex of the body at rest moves for one unit of a slider.

    Raises:
        InvalidInput: the actor has no such slider.
    """
    skin = require_shape(rig)
    words, i = find_word(rig, word)
    basis, total = basis_of(skin), 0.0
    for key, factor in zip(keys_of(skin, FAMILY[words.coefficients]), words.map.move[:, i], strict=False):
        points = np.empty(basis.size, np.float32)
        (key.points if hasattr(key, "points") else key.data).foreach_get("co", points)
        total = total + factor * (points.reshape(-1, 3) - basis)
    return np.linalg.norm(total, axis=1)


def ramp(share: np.ndarray) -> np.ndarray:
    """(V, 4) colours for (V,) shares from 0 to 1."""
    at = np.linspace(0, 1, len(RAMP))
    return np.stack([*(np.interp(share, at, RAMP[:, c]) for c in range(3)), np.ones(len(share))], 1)


def show_affected(rig: bpy.types.Object, word: str) -> float:
    """Colour the mesh by how far a word moves each vertex, and make these colours the active ones.

    Returns:
        the largest displacement for one unit of the slider, in metres.

    Raises:
        InvalidInput: the actor has no such slider, or its shape cannot be changed.
    """
    mesh = require_shape(rig).data
    moves = displacement(rig, word)
    most = float(moves.max(initial=0.0))
    colours = mesh.color_attributes
    active = colours.active_color
    before = shown_before(mesh) if SHOWN in mesh else (active.name if active else "")
    attribute = colours.get(ATTRIBUTE) or colours.new(ATTRIBUTE, "FLOAT_COLOR", "POINT")
    attribute.data.foreach_set("color", ramp(moves / max(most, 1e-9)).astype(np.float32).ravel())
    colours.active_color = attribute
    mesh[SHOWN] = json.dumps({"word": word, "before": before})
    mesh.update()
    return most


def hide_affected(rig: bpy.types.Object) -> bool:
    """Take the colours off and make those active that were before.

    Returns:
        whether any were shown.
    """
    mesh = require_shape(rig).data
    if SHOWN not in mesh:
        return False
    before, colours = shown_before(mesh), mesh.color_attributes
    del mesh[SHOWN]
    attribute = colours.get(ATTRIBUTE)
    if attribute is not None:
        colours.remove(attribute)
    if before in colours:
        colours.active_color = colours[before]
    mesh.update()
    return True


def _shown(mesh: bpy.types.Mesh) -> dict[str, str]:
    try:
        found = json.loads(mesh.get(SHOWN, "{}"))
    except (TypeError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def shown_before(mesh: bpy.types.Mesh) -> str:
    """The name of the colours that were active before any word was shown."""
    return str(_shown(mesh).get("before", ""))


def shown_word(mesh: bpy.types.Mesh) -> str:
    """The word whose vertices are shown, empty for none."""
    return str(_shown(mesh).get("word", ""))
