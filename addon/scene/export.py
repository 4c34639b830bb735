"""An actor as a file of another program: glTF, FBX, USD; and the scene as .blend.

Each writes to the path it is given and checks that a whole file stands there. Callers give a temporary name
and rename it (see `rendering.worker`), so that a failed export never touches an existing file.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import addon_utils
import bpy

from ...backend.protocol import InvalidInput
from .actor import Actor

SIGNATURES = {
    ".blend": (b"BLENDER", b"\x28\xb5\x2f\xfd", b"\x1f\x8b"),
    ".glb": (b"glTF",),
    ".fbx": (b"Kaydara FBX Binary",),
    ".usdc": (b"PXR-USDC",),
}
"""How a whole file of each kind begins; .blend is plain, Zstandard or gzip."""


def export_actor(actor: Actor, path: Path) -> None:
    """Write the actor in the format of the path's extension.

    Raises:
        InvalidInput: an unknown extension, a folder that cannot be written, or a full disk.
    """
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        raise InvalidInput(f"{path.suffix!r} is not a format for characters.", f"Use one of {', '.join(WRITERS)}.")
    try:
        writer(actor, path)
    except (RuntimeError, OSError) as error:
        reason = str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
        raise InvalidInput(
            f"{path.name} could not be written: {reason.removeprefix('Error: ')}",
            "Check that the folder is writable and the disk has room.",
        ) from error
    check_written(path)


def check_written(path: Path) -> None:
    """Raises InvalidInput unless a file of the right kind stands at `path`: some exporters only print their errors."""
    head = path.read_bytes()[:64] if path.exists() else b""
    if not head.startswith(SIGNATURES[path.suffix.lower()]):
        raise InvalidInput(
            f"{path.name} was not written completely.", "Check that the folder is writable and the disk has room."
        )


def _select(actor: Actor) -> None:
    for obj in bpy.context.view_layer.objects:
        obj.select_set(obj in (actor.rig, actor.skin))
    bpy.context.view_layer.objects.active = actor.rig


def write_blend(actor: Actor, path: Path) -> None:
    """The whole scene, compressed; the rig is active and selected when it is opened."""
    _select(actor)
    bpy.ops.wm.save_as_mainfile(filepath=str(path), copy=True, compress=True, check_existing=False)


def write_gltf(actor: Actor, path: Path) -> None:
    """glTF binary with skin, morph targets and the action, sampled, so that correctives move without drivers."""
    addon_utils.enable("io_scene_gltf2")
    _select(actor)
    bpy.ops.export_scene.gltf(
        filepath=str(path),
        export_format="GLB",
        use_selection=True,
        export_yup=True,
        export_skins=True,
        export_morph=True,
        export_morph_normal=False,
        export_animations=True,
        export_animation_mode="ACTIVE_ACTIONS",
        export_force_sampling=True,
        export_extras=True,
    )


def write_fbx(actor: Actor, path: Path) -> None:
    """Binary FBX with the action baked."""
    addon_utils.enable("io_scene_fbx")
    _select(actor)
    bpy.ops.export_scene.fbx(
        filepath=str(path),
        check_existing=False,
        use_selection=True,
        object_types={"ARMATURE", "MESH"},
        add_leaf_bones=False,
        bake_anim=True,
        bake_anim_use_nla_strips=False,
        bake_anim_use_all_actions=False,
        bake_anim_simplify_factor=0.0,
        colors_type="LINEAR",
        use_custom_props=True,
    )


def write_usd(actor: Actor, path: Path) -> None:
    """USD with UsdSkel: skeleton, blend shapes and their animation."""
    _select(actor)
    bpy.ops.wm.usd_export(
        filepath=str(path),
        check_existing=False,
        selected_objects_only=True,
        export_animation=True,
        export_armatures=True,
        export_shapekeys=True,
        export_custom_properties=True,
    )


WRITERS: dict[str, Callable[[Actor, Path], None]] = {
    ".blend": write_blend,
    ".glb": write_gltf,
    ".fbx": write_fbx,
    ".usdc": write_usd,
}
