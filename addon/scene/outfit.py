"""The default outfit: hair, T-shirt, trousers and shoes as one colour attribute and one material.

Each garment is a field over the mean shape, in metres, positive inside. Its colour covers a vertex by how far
inside it lies, over a band of about one edge of the mesh: hems then follow the field, not the triangles.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

import bpy
import numpy as np

from .actor_data import BodyData
from .style_data import to_linear

ATTRIBUTE = "outfit"
MATERIAL = "Impromptu outfit"
PALETTE = {
    "skin": "#d8a285",
    "lips": "#b8715f",
    "brow": "#4a352a",
    "hair": "#33251d",
    "shirt": "#e2643f",
    "trousers": "#2c4769",
    "shoes": "#2a2d33",
    "eye_white": "#f2efe9",
    "iris": "#4a6b73",
    "pupil": "#14100f",
}
"""sRGB; a warm shirt over slate trousers keeps arms, torso and legs apart at thumbnail size."""
BAND = 0.02
"""Metres over which one colour turns into the next: about one edge of the mesh on the trunk."""
FACE_BAND = 0.004
WHOLE = 0.999
"""Share of a vertex's colour from which on it lies inside a garment, not at its hem."""
EYES = ("left_eye_smplhf", "right_eye_smplhf")

Field = np.ndarray
Joints = dict[str, np.ndarray]


def linear_rgba(code: str) -> np.ndarray:
    """(4,) scene-linear colour of an sRGB hex code."""
    c = np.array([int(code[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.append(to_linear(c), 1.0)


def dress(obj: bpy.types.Object, body: BodyData, colours: Mapping[str, str] = MappingProxyType({})) -> None:
    """Give the mesh the outfit as a colour attribute (per vertex, linear) and the material that shows it.

    Args:
        colours: sRGB hex codes that replace those of `PALETTE`.
    """
    attribute = obj.data.color_attributes.new(ATTRIBUTE, "FLOAT_COLOR", "POINT")
    attribute.data.foreach_set("color", vertex_colours(body, colours).astype(np.float32).ravel())
    obj.data.color_attributes.active_color = attribute
    obj.data.color_attributes.render_color_index = 0
    obj.data.materials.append(outfit_material())


def recolour(obj: bpy.types.Object, body: BodyData, colours: Mapping[str, str]) -> None:
    """Paint some garments of a mesh that is dressed already; whatever else is painted on it stays.

    Args:
        colours: sRGB hex codes by the names of `PALETTE`. A mesh without the outfit's attribute is left alone.
    """
    attribute = obj.data.color_attributes.get(ATTRIBUTE)
    if attribute is None or not colours:
        return
    painted = np.empty(len(obj.data.vertices) * 4, np.float32)
    attribute.data.foreach_get("color", painted)
    painted = painted.reshape(-1, 4).astype(np.float64)
    for name, share in shares(body).items():
        inside = share > WHOLE
        if name not in colours or not inside.any():
            continue
        new = linear_rgba(colours[name])
        # At hems the old colour is mixed with its neighbours': exactly its share of it is exchanged.
        painted += share[:, None] * (new - np.median(painted[inside], axis=0))
        painted[inside] = new
    attribute.data.foreach_set("color", painted.clip(0, 1).astype(np.float32).ravel())
    obj.data.update()


def shares(body: BodyData) -> dict[str, np.ndarray]:
    """(V,) of each garment: how much of a vertex's colour is its own, under what is painted over it."""
    out: dict[str, np.ndarray] = {}
    for name, cover in layers(body):
        for below in out:
            out[below] = out[below] * (1 - cover)
        out[name] = out.get(name, 0) + cover
    return out


def vertex_colours(body: BodyData, colours: Mapping[str, str] = MappingProxyType({})) -> np.ndarray:
    """(V, 4) linear colours, each layer painted over those before it."""
    palette = {name: linear_rgba(colours.get(name, code)) for name, code in PALETTE.items()}
    painted = np.tile(palette["skin"], (len(body.v_template), 1))
    for name, cover in layers(body):
        painted += cover[:, None] * (palette[name] - painted)
    return painted


def layers(body: BodyData) -> Iterator[tuple[str, np.ndarray]]:
    """The outfit from the skin outwards: key of `PALETTE` and (V,) how much of it shows, 0 to 1.

    Regions of the body that are named as a colour of the palette (`lips`) are painted under the hair and the eyes.
    """
    joints = {name: body.joints[j] for j, name in enumerate(body.joint_names)}
    # Decided on the identity at hand: joints and skin of the same betas.
    v = body.rest
    if {"pelvis", "left_ankle", "left_shoulder", "neck"} <= set(joints):
        for name, field in clothes(v, joints):
            yield name, np.clip(0.5 + field / BAND, 0, 1)
    owner = np.array(body.joint_names)[body.weights.argmax(1)]
    for r, name in enumerate(body.region_names):
        if name in PALETTE and body.regions is not None:
            yield name, soften((body.regions == r).astype(float), body.faces)
    if set(EYES) <= set(joints):
        ears = np.isin(body.regions, [r for r, n in enumerate(body.region_names) if n.endswith("_ear")])
        for name, field in head(v, owner, joints):
            yield name, np.clip(0.5 + field / FACE_BAND, 0, 1) * (~ears if name == "hair" else 1)


def soften(cover: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """(V,) values averaged once with those of the vertices around them."""
    total, count = np.zeros(len(cover)), np.zeros(len(cover))
    for a, b in ((0, 1), (1, 2), (2, 0)):
        np.add.at(total, faces[:, a], cover[faces[:, b]])
        np.add.at(total, faces[:, b], cover[faces[:, a]])
        np.add.at(count, faces[:, a], 1)
        np.add.at(count, faces[:, b], 1)
    return (cover + total / count.clip(1)) / 2


def clothes(v: np.ndarray, joints: Joints) -> Iterator[tuple[str, Field]]:
    """T-shirt, trousers and shoes on a body in T-pose, (V, 3) in SMPL's frame."""
    x, y, z = np.abs(v[:, 0]), v[:, 1], v[:, 2]
    shoulder, elbow = abs(joints["left_shoulder"][0]), abs(joints["left_elbow"][0])
    neck, ankle = joints["neck"], joints["left_ankle"]
    collar = neck[1] + 0.005 - 0.55 * (z - neck[2]) - y
    # Beside the neck the shoulders rise above the collar's plane.
    yoke = np.minimum(np.hypot(x, z - neck[2]) - 0.085, neck[1] + 0.02 - y)
    waist = joints["pelvis"][1] + 0.3 * (joints["spine1"][1] - joints["pelvis"][1])
    sleeve = shoulder + 0.62 * (elbow - shoulder) - x
    yield "shirt", np.minimum(sleeve, np.maximum(collar, yoke))
    yield "trousers", np.minimum(waist - y, y - (ankle[1] + 0.025))
    yield "shoes", ankle[1] + 0.035 - y


def head(v: np.ndarray, owner: np.ndarray, joints: Joints) -> Iterator[tuple[str, Field]]:
    """Hair as a cap with a hairline, brows, and the eyes; `owner` names the joint that moves each vertex most."""
    outside = -1.0
    eyes = (joints[EYES[0]] + joints[EYES[1]]) / 2
    scalp = np.isin(owner, ("head", "neck"))
    own = owner == "head"
    if not own.any():
        return
    top, front, back = v[own, 1].max(), v[own, 2].max(), v[own, 2].min()
    depth = (v[:, 2] - back) / (front - back)
    # The hairline: high over the forehead, down before the ears, low at the nape.
    line = np.interp(depth, [0.0, 0.36, 0.5, 0.58, 0.72, 1.0], [-0.075, -0.06, -0.015, 0.02, 0.066, 0.08])
    yield "hair", np.where(scalp, v[:, 1] - eyes[1] - line * (top - eyes[1]) / 0.13, outside)
    for name in EYES:
        centre = joints[name]
        side = np.sign(centre[0])
        along, up = side * (v[:, 0] - centre[0]), v[:, 1] - centre[1]
        arch = 0.0245 - 4.0 * (along - 0.004) ** 2
        brow = np.minimum(0.0042 - np.abs(up - arch), 0.021 - np.abs(along - 0.002))
        yield "brow", np.where(own & (v[:, 2] > centre[2]), brow, outside)
        ball = owner == name
        away = np.hypot(along, up)
        ahead = ball & (v[:, 2] > centre[2])
        yield "eye_white", np.where(ball, 1.0, outside)
        yield "iris", np.where(ahead, 0.0062 - away, outside)
        yield "pupil", np.where(ahead, 0.0026 - away, outside)


def outfit_material() -> bpy.types.Material:
    """The material that shows the colour attribute, made once a file."""
    material = bpy.data.materials.get(MATERIAL)
    if material is not None:
        return material
    material = bpy.data.materials.new(MATERIAL)
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    surface = next(n for n in nodes if n.type == "BSDF_PRINCIPLED")
    colour = nodes.new("ShaderNodeVertexColor")
    colour.layer_name = ATTRIBUTE
    colour.location = (-220, 260)
    links.new(colour.outputs["Color"], surface.inputs["Base Color"])
    surface.inputs["Roughness"].default_value = 0.62
    return material
