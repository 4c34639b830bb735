"""Named regions of the dog: one label a vertex."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from .reshape import SNOUT
from .rig import INDEX, LEGS, SIDES, TAIL, Rig
from .skin import Skin

REGIONS = (
    "head", "muzzle", "nose", "jaw", "mouth", "left_ear", "right_ear", "left_eye", "right_eye", "neck", "chest",
    "back", "belly", "rump", "left_front_leg", "right_front_leg", "left_front_paw", "right_front_paw",
    "left_hind_leg", "right_hind_leg", "left_hind_paw", "right_hind_paw", "tail",
)  # fmt: skip
"""Names of the labels. `mouth` is the inside of the mouth with teeth and tongue."""
CODE = {name: i for i, name in enumerate(REGIONS)}
EYE = np.array([0.036, 0.7095, 0.3605])
"""A place on the left eyeball, metres in the scanned dog."""
SPECKS = 4
"""Islands of the texture of fewer faces than this are the inside of the mouth: nothing else is unwrapped so."""
FLANK = 0.42
"""Height under which the trunk between the legs is belly, metres in the scanned dog."""


def texture_islands(skin: Skin) -> np.ndarray:
    """(F,) the piece of the texture that each face lies in."""
    f = skin.uv_faces
    ones, size = np.ones(f.size), (len(skin.uv),) * 2
    return connected_components(sparse.csr_matrix((ones, (f.ravel(), f[:, [1, 2, 0]].ravel())), shape=size))[1][
        f[:, 0]
    ]


def label_regions(skin: Skin, rig: Rig) -> np.ndarray:
    """(V,) uint8 codes into `REGIONS`."""
    x = skin.vertices
    island = texture_islands(skin)
    middle = x[skin.faces].mean(1)

    def piece(place: np.ndarray) -> np.ndarray:
        """Vertices of the piece of the texture nearest to a place."""
        return skin.faces[island == island[np.linalg.norm(middle - place, axis=1).argmin()]].ravel()

    owner = rig.weights.argmax(1)

    def owned(*joints: str) -> np.ndarray:
        return np.isin(owner, [INDEX[j] for j in joints])

    labels = np.full(len(x), CODE["back"], np.uint8)
    trunk = owned("root", "spine1", "spine2", "spine3", "spine4", "spine5")
    labels[trunk & (x[:, 1] < FLANK)] = CODE["belly"]
    labels[trunk & (x[:, 2] > 0.05) & (x[:, 1] < 0.5)] = CODE["chest"]
    labels[owned("root")] = CODE["rump"]
    labels[owned("neck1", "neck2")] = CODE["neck"]
    labels[owned("head")] = CODE["head"]
    labels[owned("head") & (x[:, 2] > SNOUT + 0.02)] = CODE["muzzle"]
    labels[owned("jaw")] = CODE["jaw"]
    labels[owned(*(f"tail{i + 1}" for i in range(TAIL)))] = CODE["tail"]
    for side, _, sign in SIDES:
        for kind, joints in LEGS.items():
            names = [f"{side}_{j}" for j in joints]
            labels[owned(*names[:-1])] = CODE[f"{side}_{kind}_leg"]
            low = x[:, 1] < rig.joints[INDEX[names[-1]], 1] + 0.025
            labels[owned(*names[-2:]) & low] = CODE[f"{side}_{kind}_paw"]
        labels[rig.ears[side] > 0.5] = CODE[f"{side}_ear"]
        labels[piece(EYE * (sign, 1, 1))] = CODE[f"{side}_eye"]
    labels[piece(x[x[:, 2].argmax()])] = CODE["nose"]
    specks = np.bincount(island)[island] < SPECKS
    inside = np.ones(len(x), bool)
    inside[skin.faces[~specks].ravel()] = False
    labels[inside & owned("head", "jaw")] = CODE["mouth"]
    return labels
