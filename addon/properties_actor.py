"""Properties of one actor, on its rig: sliders that read and write its own shape keys.

The shape keys are the truth. A slider keeps no value of its own, so that a duplicated, undone, appended or
hand-edited actor is always shown as it is. The lists of sliders are filled by `sync`, outside of drawing.
"""

from __future__ import annotations

from typing import Any

import bpy
from bpy.app.handlers import persistent

from .scene.handles import UID, is_actor, is_editable, skin_of, why_not_reshaped
from .scene.hands import SIDES
from .scene.measure import Measurements, measure
from .scene.shape import set_values
from .scene.shape_arrays import keys_of, labels_of
from .scene.shape_keys import LIMIT

_queued = False


def _get_value(axis: Any) -> float:
    skin = skin_of(axis.id_data)
    key = skin.data.shape_keys.key_blocks.get(axis.key) if skin else None
    return key.value if key else 0.0


def _set_value(axis: Any, value: float) -> None:
    rig = axis.id_data
    # A setter has no way to say no: the panel shows why the slider stands still.
    if not why_not_reshaped(rig):
        set_values(rig, {axis.key: value}, joints=rig.impromptu.live_joints)


class Axis(bpy.types.PropertyGroup):
    """One slider: an axis of shape or expression."""

    key: bpy.props.StringProperty(name="Shape Key", description="The shape key on the actor's mesh")
    label: bpy.props.StringProperty(name="Name", description="What the axis changes")
    value: bpy.props.FloatProperty(
        name="Value",
        description="How far the body goes along this axis, in standard deviations. Joints, pose correctives and the "
        "root's keys follow at once",
        min=-LIMIT,
        max=LIMIT,
        soft_min=-3.0,
        soft_max=3.0,
        step=10,
        precision=2,
        options=set(),
        get=_get_value,
        set=_set_value,
    )


def _get_uid(settings: Any) -> str:
    return str(settings.id_data.get(UID, ""))


class ActorSettings(bpy.types.PropertyGroup):
    """What an actor's rig carries for the panel."""

    uid: bpy.props.StringProperty(name="Actor", description="Tells this actor from all others", get=_get_uid)
    shape: bpy.props.CollectionProperty(type=Axis)
    expression: bpy.props.CollectionProperty(type=Axis)
    hand_side: bpy.props.EnumProperty(
        name="Side",
        description="Which hands Apply poses",
        items=SIDES,
        default="BOTH",
        options=set(),
    )
    live_joints: bpy.props.BoolProperty(
        name="Live Joints",
        description="Let joints and the root's keys follow the shape sliders at once (hundredths of a second for a "
        "long action). Without it, press Update Joints when the shape is done",
        default=True,
        options=set(),
    )
    all_girths: bpy.props.BoolProperty(
        name="More Measurements",
        description="Show every girth that the body has a tape line for",
        default=False,
        options=set(),
    )

    def measured(self) -> Measurements | None:
        """Height, weight and girths; computed anew only where a slider moved."""
        return measure(self.id_data)


def is_synced(rig: bpy.types.Object) -> bool:
    """Whether the rig's sliders are those of its mesh."""
    skin = skin_of(rig)
    if skin is None:
        return True
    settings: Any = rig.impromptu
    families = ((settings.shape, "SHAPE"), (settings.expression, "EXPRESSION"))
    return all([a.key for a in axes] == [k.name for k in keys_of(skin, family)] for axes, family in families)


def sync(rig: bpy.types.Object) -> None:
    """Make one slider for each shape key of shape and expression. Not to be called while drawing."""
    skin = skin_of(rig)
    if skin is None or not is_editable(rig) or is_synced(rig):
        return
    settings: Any = rig.impromptu
    labels = labels_of(skin)
    for axes, family in ((settings.shape, "SHAPE"), (settings.expression, "EXPRESSION")):
        axes.clear()
        for key in keys_of(skin, family):
            axis = axes.add()
            axis.name = axis.key = key.name
            axis.label = labels.get(key.name, "").replace("_", " ").title() or key.name


def sync_all() -> None:
    """Fill the sliders of every actor in the file."""
    for obj in bpy.data.objects:
        if is_actor(obj):
            sync(obj)


def _sync_later() -> None:
    global _queued
    _queued = False
    sync_all()


def request_sync() -> None:
    """Have `sync_all` run as soon as drawing is over."""
    global _queued
    if not _queued and not bpy.app.background:
        _queued = True
        bpy.app.timers.register(_sync_later, first_interval=0.0)


@persistent
def _on_load(*_: Any) -> None:
    sync_all()


classes = (Axis, ActorSettings)


def register() -> None:
    """Put the settings on every object; the classes are registered by `registration`."""
    bpy.types.Object.impromptu = bpy.props.PointerProperty(type=ActorSettings)
    bpy.app.handlers.load_post.append(_on_load)


def unregister() -> None:
    """Take them away again; what is stored in files stays."""
    bpy.app.handlers.load_post.remove(_on_load)
    del bpy.types.Object.impromptu
