"""One dog made into others: bones longer or thicker, and soft parts moved."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.spatial.transform import Rotation

from ....raster import vertex_normals
from ..simulate import even_smoothing
from .rig import EAR_BASE, INDEX, JOINTS, LEGS, PARENTS, SIDES, TAIL, Rig, smooth_step
from .skin import FLIP, Skin

SPREAD = 14
"""Rounds over which the weights are spread for reshaping: borders between joints must not show."""
CREASES = 30
"""Rounds over which normals are compared with their neighbours'."""
SNOUT = 0.362
"""How far forward the muzzle begins, metres."""
STOP = 0.055
"""Metres over which the forehead becomes the muzzle."""
TWIST, FOLD = 0.9, 2.7
"""Radians by which a hanging ear is turned about its length, and folded down."""
CREASE = (0.08, 0.46)
"""Shares of an ear's length between which it folds."""
EAR_SCALE = 1.25
"""Ears of the mean to those of the scanned dog, before half of their droop shortens them."""
DROOP = 0.4
"""How far the ears of the mean hang: 0 upright as scanned, 1 down at the cheeks."""
TAIL_MEAN = 2.0
"""Thickness of the mean's tail to that of the scanned dog, which is a whip."""
TRUNK = ("root", "spine1", "spine2", "spine3", "spine4", "spine5")
LIMBS = ("elbow", "wrist", "toes", "knee", "hock")
"""Ends of the names of joints whose skin lies close to the bone."""
MUSCLES = (
    ((0.075, 0.47, 0.13), 0.070, 1.0), ((0.075, 0.38, 0.185), 0.060, 0.8), ((0.085, 0.42, -0.33), 0.085, 1.1),
    ((0.040, 0.53, -0.27), 0.060, 0.6), ((0.030, 0.40, 0.235), 0.060, 0.7), ((0.085, 0.30, -0.37), 0.060, 0.7),
    ((0.050, 0.60, 0.21), 0.060, 0.7), ((0.065, 0.27, 0.150), 0.050, 0.5),
)  # fmt: skip
"""Middle on the left side, reach (metres) and strength of each bulge."""


@dataclass(frozen=True)
class Traits:
    """How a dog differs from the mean; 0 is the mean, one step about as dogs vary."""

    size: float = 0.0
    weight: float = 0.0
    muscle: float = 0.0
    leg_length: float = 0.0
    body_length: float = 0.0
    chest_depth: float = 0.0
    belly: float = 0.0
    neck_length: float = 0.0
    neck_thickness: float = 0.0
    head_size: float = 0.0
    head_width: float = 0.0
    forehead: float = 0.0
    snout_length: float = 0.0
    snout_width: float = 0.0
    snout_depth: float = 0.0
    ear_size: float = 0.0
    ear_droop: float = 0.0
    tail_length: float = 0.0
    tail_bushy: float = 0.0
    tail_up: float = 0.0
    leg_thickness: float = 0.0
    paw_size: float = 0.0
    coat: float = 0.0


def along(direction: np.ndarray, factor: float, across: float = 1.0) -> np.ndarray:
    """(3, 3) scales by `factor` along a direction and by `across` around it."""
    d = direction / np.linalg.norm(direction)
    return across * np.eye(3) + (factor - across) * np.outer(d, d)


class Reshaper:
    """Makes dogs of traits.

    Args:
        skin: V vertices.
        rig: joints and weights.
    """

    def __init__(self, skin: Skin, rig: Rig) -> None:
        self.skin, self.rig = skin, rig
        even = even_smoothing(skin.faces, len(skin.vertices))
        weights, smooth = rig.weights, skin.vertices
        head = weights[:, [INDEX[n] for n in ("head", "jaw", "left_ear", "right_ear")]].sum(1)
        for _ in range(SPREAD):
            weights = even @ weights
            smooth = even @ smooth
        self.weights = weights
        self.normals, self.open = self._outward(vertex_normals(smooth, skin.faces), even)
        self.head = head
        self.hanging = self._hanging_ears()
        self.tail, self.tail_axis = self._tail()

    @staticmethod
    def _outward(normals: np.ndarray, even: sparse.csr_matrix) -> tuple[np.ndarray, np.ndarray]:
        """(V, 3) directions in which skin may grow, and (V,) how freely: not at all in creases, where it meets skin.

        Normals of a neighbourhood that disagree average to a short vector.
        """
        for _ in range(CREASES):
            normals = even @ normals
        length = np.linalg.norm(normals, axis=1, keepdims=True)
        return normals / (length + 1e-9), smooth_step((length[:, 0] - 0.6) / 0.35)

    def dog(self, traits: Traits) -> tuple[np.ndarray, np.ndarray]:
        """Vertices (V, 3) and joints (35, 3): paws on y = 0, the root above the origin."""
        soft = self._soft_parts(traits)
        matrix, bone = self._bones(traits)
        rest = self.rig.joints
        joints = rest.copy()
        for j in range(1, len(JOINTS)):
            p = PARENTS[j]
            joints[j] = joints[p] + bone[j] @ (rest[j] - rest[p])
        linear = (self.weights @ matrix.reshape(-1, 9)).reshape(-1, 3, 3)
        offset = self.weights @ (joints - np.einsum("jab,jb->ja", matrix, rest))
        vertices = np.einsum("vab,vb->va", linear, soft) + offset
        factor = float(np.exp(0.14 * traits.size))
        ground = np.array([0, vertices[:, 1].min(), joints[0, 2]])
        return factor * (vertices - ground), factor * (joints - ground)

    def _soft_parts(self, t: Traits) -> np.ndarray:
        """(V, 3) the skin before its bones change."""
        x = self._ears(self.skin.vertices, t)
        x = self._face(x, t)
        around = self.tail[:, None] * (x - self.tail_axis)
        x = x + around * (TAIL_MEAN * (1 + 0.22 * t.tail_bushy) - 1)
        bulge = np.zeros(len(x))
        for middle, reach, strength in MUSCLES:
            for sign in (1, -1):
                near = np.linalg.norm(x - np.array(middle) * (sign, 1, 1), axis=1) / reach
                bulge += strength * np.exp(-(near**2))
        x = x + (0.0095 * t.muscle * np.minimum(bulge, 1.3) * (1 - self.head) * self.open)[:, None] * self.normals
        return x + (0.005 * t.coat * self._furred() * self.open)[:, None] * self.normals

    def _furred(self) -> np.ndarray:
        """(V,) how long the coat may be: full on the trunk, little where a limb is thin, none on muzzle and paws."""
        limbs = self.weights[:, [i for i, n in enumerate(JOINTS) if n.endswith(LIMBS)]].sum(1)
        low = smooth_step(self.skin.vertices[:, 1] / 0.08)
        return (1 - 0.8 * limbs) * low * (1 - 0.85 * self.head) * (1 - self.tail)

    def _face(self, x: np.ndarray, t: Traits) -> np.ndarray:
        """Muzzle, forehead, width of the skull: by place alone, so that what lies inside the mouth comes along."""
        z = x[:, 2]
        snout = smooth_step((z - SNOUT) / STOP)
        reach = (z - SNOUT).clip(0)
        # Slope 1 from the stop on, without a step at its start.
        stretch = np.where(reach < STOP, reach**2 / (2 * STOP), reach - STOP / 2)
        middle = np.array([0, 0.652, 0])
        out = x.copy()
        out[:, 2] += 0.27 * t.snout_length * stretch * self.head
        skull = (1 - snout) * self.head * (1 - self._ear_mask())
        out[:, 0] *= np.exp((0.17 * t.snout_width * snout + 0.11 * t.head_width * skull) * self.head)
        deep = np.exp(0.13 * t.snout_depth * snout * self.head)
        out[:, 1] = middle[1] + (out[:, 1] - middle[1]) * deep
        dome = np.exp(-((np.linalg.norm((x - (0, 0.735, 0.335)) * (0.8, 1, 1), axis=1) / 0.038) ** 2))
        out[:, 1] += 0.012 * t.forehead * dome * self.head
        out[:, 2] += 0.008 * t.forehead * dome * self.head
        return out

    def _ear_mask(self) -> np.ndarray:
        return self.rig.ears["left"] + self.rig.ears["right"]

    def _ears(self, x: np.ndarray, t: Traits) -> np.ndarray:
        out = x.copy()
        for side, _, sign in SIDES:
            base = EAR_BASE * (sign, 1, 1)
            grown = (x - base) * (EAR_SCALE * np.exp(0.13 * t.ear_size) - 1)
            out += self.rig.ears[side][:, None] * grown
        hang = DROOP + t.ear_droop * (1 - DROOP) / 2.5
        return out + hang * self.hanging * EAR_SCALE * np.exp(0.13 * t.ear_size)

    def _hanging_ears(self) -> np.ndarray:
        """(V, 3) what takes the scanned dog's upright ears down to its cheeks.

        The ear is turned about its length until its opening looks outward, then folded that way, more and more up to
        the middle of its length.
        """
        x, ear = self.skin.vertices, self.rig.ears["left"]
        tip = x[int(np.where(x[:, 0] > 0, x[:, 1], -np.inf).argmax())]
        length = float(np.linalg.norm(tip - EAR_BASE))
        up = (tip - EAR_BASE) / length
        outward = np.array([0.9, 0, 0.44])
        hinge = np.cross(up, outward)
        hinge /= np.linalg.norm(hinge)
        t = (x - EAR_BASE) @ up / length
        steps = np.linspace(0, 1.2, 121)
        fold = Rotation.from_rotvec(
            np.outer(FOLD * smooth_step((steps - CREASE[0]) / (CREASE[1] - CREASE[0])), hinge)
        )
        heading = fold.apply(up)
        line = EAR_BASE + length * np.r_[np.zeros((1, 3)), np.cumsum(heading[:-1] * 0.01, axis=0)]
        moved = np.stack([np.interp(t, steps, line[:, k]) for k in range(3)], 1)
        moved += np.minimum(t, 0)[:, None] * length * up
        twist = Rotation.from_rotvec(np.outer(TWIST * smooth_step(t / 0.4), up))
        turn = Rotation.from_rotvec(np.outer(FOLD * smooth_step((t - CREASE[0]) / (CREASE[1] - CREASE[0])), hinge))
        moved += turn.apply(twist.apply(x - EAR_BASE - (t * length)[:, None] * up))
        left = ear[:, None] * (moved - x)
        return left + left[self.skin.mirror] * FLIP

    def _tail(self) -> tuple[np.ndarray, np.ndarray]:
        """(V,) how much each vertex is tail, and (V, 3) the point of the tail's middle line nearest to it."""
        x = self.skin.vertices
        line = np.array([self.skin.bones[f"Ca_{i}"] for i in range(6, 22)])
        line = np.r_[line, line[-1:] * 2 - line[-2:-1]]
        fine = np.concatenate([np.linspace(a, b, 12, endpoint=False) for a, b in itertools.pairwise(line)])
        distance = np.linalg.norm(x[:, None] - fine[None], axis=2)
        nearest = distance.argmin(1)
        share = self.weights[:, [INDEX[f"tail{i + 1}"] for i in range(TAIL)]].sum(1)
        mask = share * smooth_step(nearest / len(fine) / 0.35) * (x[:, 2] < -0.36)
        return mask, fine[nearest]

    def _bones(self, t: Traits) -> tuple[np.ndarray, np.ndarray]:
        """(35, 3, 3) what is done to the skin about each joint, and to the bone that leads to it."""
        matrix = np.repeat(np.eye(3)[None], len(JOINTS), 0)
        bone = matrix.copy()
        self._trunk(t, matrix, bone)
        self._neck_and_head(t, matrix, bone)
        self._legs(t, matrix, bone)
        self._tail_bones(t, matrix, bone)
        return matrix, bone

    def _trunk(self, t: Traits, matrix: np.ndarray, bone: np.ndarray) -> None:
        longer = np.exp(0.12 * t.body_length)
        for name in TRUNK:
            wide, deep = 0.19 * t.weight, 0.14 * t.weight
            if name in ("spine4", "spine5"):
                wide, deep = wide + 0.03 * t.chest_depth, deep + 0.10 * t.chest_depth
            if name in ("spine1", "spine2"):
                deep -= 0.06 * t.chest_depth
            if name in ("spine1", "spine2", "spine3", "spine4"):
                share = 1.0 if name != "spine4" else 0.4
                wide, deep = wide + 0.09 * share * t.belly, deep + 0.15 * share * t.belly
            matrix[INDEX[name]] = np.diag([np.exp(wide), np.exp(deep), longer])
            bone[INDEX[name]] = np.diag([1, 1, longer])
        bone[INDEX["neck1"]] = np.diag([1, 1, longer])
        apart = np.exp(0.13 * t.weight + 0.06 * t.muscle)
        for side, _, _ in SIDES:
            for joint in ("shoulder", "hip"):
                bone[INDEX[f"{side}_{joint}"]] = np.diag([apart, 1, longer])

    def _neck_and_head(self, t: Traits, matrix: np.ndarray, bone: np.ndarray) -> None:
        rest = self.rig.joints
        longer = np.exp(0.16 * t.neck_length)
        thick = np.exp(0.11 * t.neck_thickness + 0.10 * t.weight + 0.03 * t.muscle)
        for name, end in (("neck1", "neck2"), ("neck2", "head")):
            d = rest[INDEX[end]] - rest[INDEX[name]]
            matrix[INDEX[name]] = along(d, longer, thick)
            bone[INDEX[end]] = along(d, longer)
        head = np.exp(0.085 * t.head_size) * np.eye(3)
        for name in ("head", "jaw", "left_ear", "right_ear"):
            matrix[INDEX[name]] = head
            if name != "head":
                bone[INDEX[name]] = head

    def _legs(self, t: Traits, matrix: np.ndarray, bone: np.ndarray) -> None:
        rest = self.rig.joints
        for _kind, joints in LEGS.items():
            for side, _, _ in SIDES:
                ids = [INDEX[f"{side}_{j}"] for j in joints]
                drop = rest[ids[0], 1] - rest[ids[-1], 1]
                # Front and hind paws must stay on one ground, though shoulders and hips are not of one height.
                front = rest[INDEX["left_shoulder"], 1] - rest[INDEX["left_front_toes"], 1]
                longer = 1 + (np.exp(0.17 * t.leg_length) - 1) * front / drop
                for i, j in enumerate(ids[:-1]):
                    thick = np.exp(0.13 * t.leg_thickness + (0.08, 0.05, 0.03)[i] * t.weight)
                    stretch = np.diag([1, longer, 1.0])
                    d = rest[ids[i + 1]] - rest[j]
                    matrix[j] = stretch @ along(d, 1.0, thick)
                    bone[ids[i + 1]] = stretch
                matrix[ids[-1]] = np.exp(0.15 * t.paw_size + 0.04 * t.leg_thickness) * np.eye(3)

    def _tail_bones(self, t: Traits, matrix: np.ndarray, bone: np.ndarray) -> None:
        rest = self.rig.joints
        longer = np.exp(0.12 * t.tail_length)
        for i in range(TAIL):
            j = INDEX[f"tail{i + 1}"]
            follower = INDEX[f"tail{min(i + 2, TAIL)}"]
            d = rest[follower] - rest[j] if i + 1 < TAIL else rest[j] - rest[j - 1]
            grown = longer if i > 0 else 1.0
            turn = Rotation.from_rotvec([0.24 * t.tail_up * min(1.0, 0.3 + 0.3 * i), 0, 0]).as_matrix()
            matrix[j] = turn @ along(d, grown)
            if i + 1 < TAIL:
                bone[follower] = turn @ along(d, grown)
