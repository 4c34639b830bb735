"""Where every vertex of a body lies, in the terms that a tailor uses: how far along an arm, around the head ...

Taken once, from the body's mean shape in T-pose. A vertex is the same place on every body, so whatever a garment
covers is decided here and holds for all shapes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from scipy.spatial import ConvexHull

from ..body.layout import BodyArrays
from ..raster import vertex_normals

Field = np.ndarray
"""(V,) one value a vertex; of garments in metres, positive inside."""

LEGS = ("hip", "knee", "ankle")
ARMS = ("shoulder", "elbow", "wrist")


@dataclass(frozen=True)
class Atlas:
    """The mean shape of a body with named joints, and what follows from it."""

    arrays: BodyArrays

    @property
    def v(self) -> np.ndarray:
        """(V, 3) metres, in SMPL's frame."""
        return self.arrays.v_template

    @cached_property
    def x(self) -> Field:
        return self.v[:, 0].astype(np.float64)

    @cached_property
    def y(self) -> Field:
        return self.v[:, 1].astype(np.float64)

    @cached_property
    def z(self) -> Field:
        return self.v[:, 2].astype(np.float64)

    @cached_property
    def side(self) -> Field:
        """Distance from the middle plane."""
        return np.abs(self.x)

    @cached_property
    def joints(self) -> dict[str, np.ndarray]:
        """Rest joints by name."""
        places = self.arrays.J_regressor.astype(np.float64) @ self.v
        return dict(zip(self.arrays.joint_names, places, strict=True))

    @cached_property
    def normals(self) -> np.ndarray:
        """(V, 3) directions in which cloth lies on the skin: those of the skin without its small folds."""
        normals = vertex_normals(self.smoothed(self.v.astype(np.float64)), self.arrays.faces)
        for _ in range(3):
            normals = self.neighbours @ normals + normals
            normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-12
        return normals

    @cached_property
    def neighbours(self) -> sp.csr_matrix:
        """(V, V) mean of the vertices around each."""
        faces, count = self.arrays.faces, len(self.v)
        rows, columns = (
            np.concatenate((faces, np.roll(faces, 1, 1))).ravel(),
            np.roll(np.concatenate((faces, np.roll(faces, 1, 1))), 1, 1).ravel(),
        )
        joined = sp.coo_matrix((np.ones(len(rows)), (rows, columns)), (count, count)).tocsr()
        joined.data[:] = 1
        return sp.diags(1 / np.asarray(joined.sum(1)).ravel().clip(1)) @ joined

    def smoothed(self, values: np.ndarray, rounds: int = 20, shrink: float = 0.0) -> np.ndarray:
        """Values on vertices without their small features, large ones kept (Taubin, 1995).

        Args:
            values: (V, k).
            shrink: 0 keeps the size of large features; 1 is plain diffusion, which shrinks round limbs.
        """
        for _ in range(rounds):
            values = values + 0.5 * (self.neighbours @ values - values)
            if shrink < 1:
                values = values - 0.52 * (1 - shrink) * (self.neighbours @ values - values)
        return values

    def between(self, names: tuple[str, ...], along: float, axis: int) -> float:
        """Coordinate at a place along the left limb: 0 at the first joint, 1 at the second, 1.5 halfway on."""
        stops = [abs(self.joints[f"left_{n}"][axis]) if axis == 0 else self.joints[f"left_{n}"][axis] for n in names]
        last = len(stops) - 2
        i = int(np.clip(np.floor(along), 0, last))
        return float(stops[i] + (along - i) * (stops[i + 1] - stops[i]))

    def arm_to(self, along: float) -> Field:
        """Inside: the trunk, and the arms as far as this (0 shoulder, 1 elbow, 2 wrist)."""
        return self.between(ARMS, along, 0) - self.side

    def leg_to(self, along: float) -> Field:
        """Inside: whatever is above this place along the legs (0 hip, 1 knee, 2 ankle)."""
        return self.y - self.between(LEGS, along, 1)

    @cached_property
    def floor(self) -> float:
        return float(self.y.min())

    @cached_property
    def waist(self) -> float:
        """Height of a trousers' waistband."""
        pelvis, spine = self.joints["pelvis"][1], self.joints["spine1"][1]
        return float(pelvis + 0.45 * (spine - pelvis))

    @cached_property
    def crotch(self) -> float:
        return float(self.y[(self.side < 0.01) & (self.y < self.joints["left_hip"][1] + 0.05)].min())

    def neckline(self, drop: float = 0.0, width: float = 0.0) -> Field:
        """Inside: whatever is below a round collar.

        Args:
            drop: metres that the front is lower than at a T-shirt.
            width: metres that it is wider at the sides.
        """
        neck = self.joints["neck"]
        front = np.clip((self.z - neck[2]) / 0.08, 0, 1) * np.clip(1 - self.side / 0.15, 0, 1)
        collar = neck[1] + 0.005 - 0.55 * (self.z - neck[2]) - drop * front - self.y
        # Beside the neck the shoulders rise above the collar's plane.
        yoke = np.minimum(np.hypot(self.x, self.z - neck[2]) - 0.085 - width, neck[1] + 0.02 - self.y)
        yoke = np.where(self.z - neck[2] > 0.03, yoke - drop * 1.2, yoke)
        return np.maximum(collar, yoke)

    @cached_property
    def front(self) -> Field:
        """How much of a vertex of the trunk faces ahead, -1 to 1."""
        return self.normals[:, 2]

    @cached_property
    def owner(self) -> np.ndarray:
        """(V,) name of the joint that moves each vertex most."""
        return np.array(self.arrays.joint_names)[self.arrays.weights.argmax(1)]

    def region(self, *names: str) -> np.ndarray:
        """(V,) bool: in one of the body's named regions; nowhere where the body names none."""
        if "regions" not in self.arrays.extras:
            return np.zeros(len(self.v), bool)
        known = [str(n) for n in self.arrays.extras["region_names"]]
        return np.isin(self.arrays.extras["regions"], [known.index(n) for n in names if n in known])

    @cached_property
    def eyes(self) -> np.ndarray:
        """(3,) the middle between the eyes."""
        return (self.joints["left_eye_smplhf"] + self.joints["right_eye_smplhf"]) / 2

    @cached_property
    def skull(self) -> tuple[np.ndarray, np.ndarray]:
        """(3,) middle of the skull and (3,) its half sizes, without ears."""
        own = (self.owner == "head") & (self.y > self.eyes[1] - 0.01) & ~self.region("left_ear", "right_ear")
        low, high = self.v[own].min(0), self.v[own].max(0)
        low[1] = self.eyes[1]
        # An ellipsoid whose equator lies a little above the eyes.
        half = np.array([(high[0] - low[0]) / 2, high[1] - low[1] - 0.02, (high[2] - low[2]) / 2])
        return np.array([0.0, low[1] + 0.02, (high[2] + low[2]) / 2]), half.astype(np.float64)

    @cached_property
    def run(self) -> Field:
        """Metres along the cloth, across which stripes run: height on the trunk and legs, sideways on the arms."""
        shoulder = self.between(ARMS, 0.0, 0)
        top = self.joints["left_shoulder"][1] - 0.05
        return np.where(self.on_arm, top - (self.side - shoulder), self.y)

    @cached_property
    def on_arm(self) -> np.ndarray:
        """(V,) bool: sleeve and hand."""
        weights = self.arrays.weights
        names = [i for i, n in enumerate(self.arrays.joint_names) if _of_arm(n)]
        return weights[:, names].sum(1) > 0.5

    @cached_property
    def round(self) -> Field:
        """Metres around the limb or the trunk, from its front."""
        hip = self.joints["left_hip"]
        on_leg = (self.y < self.crotch) & ~self.on_arm
        trunk = 0.14 * np.arctan2(self.x, self.z - self.joints["spine2"][2] + 1e-9)
        leg = np.sign(self.x) * hip[0] + 0.08 * np.arctan2(self.x - np.sign(self.x) * hip[0], self.z - hip[2] + 1e-9)
        arm_at = self.joints["left_elbow"]
        arm = 0.045 * np.arctan2(self.y - arm_at[1], self.z - arm_at[2] + 1e-9)
        return np.where(self.on_arm, arm, np.where(on_leg, leg, trunk))


def _of_arm(name: str) -> bool:
    _, _, joint = name.partition("_")
    return joint[:5] in (
        "shoul",
        "elbow",
        "wrist",
        "hand",
        "index",
        "middl",
        "pinky",
        "ring1",
        "ring2",
        "ring3",
        "thumb",
    )


def cover(field: Field, band: float = 0.012) -> Field:
    """0 outside to 1 inside, over a band of about one edge of the mesh: hems follow the field, not the triangles."""
    return np.clip(0.5 + field / band, 0, 1)


def ramp(values: Field, start: float, end: float) -> Field:
    """0 at `start` to 1 at `end`, smoothly; either way round."""
    t = np.clip((values - start) / (end - start), 0, 1)
    return t * t * (3 - 2 * t)


def to_hull(points: np.ndarray, middle: np.ndarray, among: np.ndarray) -> np.ndarray:
    """(k, 3) from points (k, 3) to the convex hull of others, along rays from the middle."""
    planes = ConvexHull(among).equations
    away = points - middle
    along = away @ planes[:, :3].T
    # A ray leaves the hull where it first meets a plane that faces it.
    reach = np.where(along > 1e-9, -(planes[:, :3] @ middle + planes[:, 3]) / along.clip(1e-9), np.inf)
    return (reach.min(1, keepdims=True) - 1) * away
