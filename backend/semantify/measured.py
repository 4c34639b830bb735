"""What a tape says of samples: the evidence that a word's score, or its slider, means the word."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch

from ..body.girths import LENGTHS, find_girths
from ..body.measure import height, volume
from .face_tape import FACE_TRAITS, face_landmarks, face_lengths
from .families import Descriptor
from .studio import Studio

CHUNK = 64
AXIS = "axis:"
Table = Mapping[str, np.ndarray]

TRAITS: dict[str, Callable[[Table], np.ndarray]] = {
    "height": lambda m: m["height"],
    "volume": lambda m: m["volume"],
    "heaviness": lambda m: m["volume"] / m["height"] ** 2,
    "muscle": lambda m: m["axis:muscle"],
    "legs": lambda m: m["leg"] / m["height"],
    "shoulders": lambda m: m["shoulders"] / m["height"],
    "belly": lambda m: m["waist"] / (m["hips"] + m["chest"]),
    "curves": lambda m: (m["hips"] + m["chest"]) / m["waist"],
    "waist": lambda m: m["waist"] / m["height"],
    "hips": lambda m: m["hips"] / m["height"],
    "hips_to_shoulders": lambda m: m["hips"] / m["shoulders"],
    "chest": lambda m: m["chest"] / m["height"],
    "arms": lambda m: m["upper_arm"] / m["height"],
    "thighs": lambda m: m["thigh"] / m["height"],
    **FACE_TRAITS,
}
"""Name -> of what is measured: girths and lengths in metres, volume in litres, named axes in standard deviations."""


@torch.no_grad()
def tape(studio: Studio, coefficients: np.ndarray) -> dict[str, np.ndarray]:
    """By name, (n,) each: `height`, `volume`, girths, lengths, and `axis:NAME` of every named coefficient.

    Args:
        studio: of the model; what it has no joints or loops for is left out.
        coefficients: (n, k).
    """
    body = studio.body
    girths = find_girths(body)
    lengths = {
        k: [body.joint_names.index(j) for j in v] for k, v in LENGTHS.items() if set(v) <= set(body.joint_names)
    }
    found: dict[str, list[float]] = {}
    for start in range(0, len(coefficients), CHUNK):
        rows = coefficients[start : start + CHUNK]
        meshes = torch.from_numpy(studio.vertices(rows))
        found.setdefault("height", []).extend(height(meshes).tolist())
        found.setdefault("volume", []).extend(float(volume(mesh, body.faces)) for mesh in meshes)
        arrays = meshes.double().numpy()
        for girth in girths:
            found.setdefault(girth.name, []).extend(girth.length(mesh) for mesh in arrays)
        joints = arrays.transpose(0, 2, 1) @ body.arrays.J_regressor.T.astype(np.float64)
        for name, chain in lengths.items():
            along = np.linalg.norm(np.diff(joints[:, :, chain], axis=2), axis=1).sum(1)
            found.setdefault(name, []).extend(along.tolist())
        landmarks = face_landmarks(body, arrays)
        for name, spans in ({} if landmarks is None else face_lengths(landmarks)).items():
            found.setdefault(name, []).extend(spans.tolist())
    axes = {f"{AXIS}{name}": coefficients[:, i] for i, name in enumerate(studio.names)}
    return {**{k: np.array(v) for k, v in found.items()}, **axes}


def wanted(descriptor: Descriptor, measured: Table, among: Table | None = None) -> np.ndarray | None:
    """(n,) how much a word is true of n samples, as a tape has it; None where the family or the model does not say.

    The sum of the traits that the family names, each in standard deviations, times its weight.

    Args:
        measured: of the samples, by `tape`.
        among: of those that deviations are taken of; none: of the samples themselves.
    """
    total = None
    for name, weight in descriptor.measure:
        values, usual = trait(name, measured), trait(name, among or measured)
        if values is None or usual is None:
            return None
        part = weight * (values - usual.mean()) / max(float(usual.std()), 1e-12)
        total = part if total is None else total + part
    return total


def trait(name: str, measured: Table) -> np.ndarray | None:
    """(n,) of one trait or axis; None where the model has not what it needs."""
    try:
        return measured[name] if name.startswith(AXIS) else TRAITS[name](measured)
    except KeyError:
        return None
