"""An actor as a file of another program: glTF, FBX, USD, Alembic, AMASS, BVH; and the scene as .blend.

Each writes to the path it is given and checks that a whole file stands there. Callers give a temporary name
and rename it (see `rendering.worker`), so that a failed export never touches an existing file.
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import addon_utils
import bpy

from ...backend.protocol import InvalidInput
from .actor import Actor
from .gender import gender_of
from .motion_files import write_amass, write_bvh
from .own_arrays import arrays_aside
from .read_motion import read_motion
from .skeleton import skeleton_of
from .style_export import has_pictures, plain_look
from .style_normals import relief_normals

FBX_END = bytes.fromhex("f85a8c6adef5d97eece90ce3758f290b")
FOREIGN = (".glb", ".fbx", ".usdc")
"""Formats of other programs that take custom properties along."""
TEXTURES = "textures"
"""Folder beside a USD file that Blender's exporter puts pictures into."""
ZSTD_SEEK_END = bytes.fromhex("b1ea928f")


def export_actor(actor: Actor, path: Path) -> None:
    """Write the actor in the format of the path's extension.

    Raises:
        InvalidInput: an unknown extension, a folder that cannot be written, or a full disk.
    """
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        raise InvalidInput(f"{path.suffix!r} is not a format for characters.", f"Use one of {', '.join(WRITERS)}.")
    try:
        with contextlib.ExitStack() as stack:
            if path.suffix.lower() in FOREIGN:
                stack.enter_context(arrays_aside(actor))
                stack.enter_context(plain_look(actor))
                stack.enter_context(relief_normals(actor.skin))
            writer(actor, path)
    except (RuntimeError, OSError) as error:
        reason = str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
        raise InvalidInput(
            f"{path.name} could not be written: {reason.removeprefix('Error: ')}",
            "Check that the folder is writable and the disk has room.",
        ) from error
    check_written(path)


def check_written(path: Path) -> None:
    """Raises InvalidInput unless a whole file stands at `path`.

    On a full disk Blender reports a truncated .blend as saved, and other exporters only print their errors.
    """
    data = path.read_bytes() if path.exists() else b""
    if not WHOLE[path.suffix.lower()](data):
        raise InvalidInput(
            f"{path.name} was not written completely.", "Check that the folder is writable and the disk has room."
        )


def _is_whole_usdc(data: bytes) -> bool:
    """The bootstrap names the table of contents; the table and all its sections lie within the file."""
    if len(data) < 32 or not data.startswith(b"PXR-USDC"):
        return False
    (table,) = struct.unpack_from("<q", data, 16)
    if not 0 < table <= len(data) - 8:
        return False
    (count,) = struct.unpack_from("<Q", data, table)
    if table + 8 + 32 * count > len(data):
        return False
    sections = (struct.unpack_from("<qq", data, table + 8 + 32 * i + 16) for i in range(count))
    return count > 0 and all(start + size <= len(data) for start, size in sections)


WHOLE: dict[str, Callable[[bytes], bool]] = {
    # Blender compresses in frames, with a table of them at the end.
    ".blend": lambda d: d.startswith(b"\x28\xb5\x2f\xfd") and d.endswith(ZSTD_SEEK_END),
    ".glb": lambda d: d.startswith(b"glTF") and len(d) >= 12 and struct.unpack_from("<I", d, 8)[0] == len(d),
    ".fbx": lambda d: d.startswith(b"Kaydara FBX Binary") and d.endswith(FBX_END),
    ".usdc": _is_whole_usdc,
    # Alembic's container sets the sixth byte when it is closed.
    ".abc": lambda d: d.startswith(b"Ogawa\xff"),
    ".npz": lambda d: d.startswith(b"PK") and b"PK\x05\x06" in d[-22:],
    ".bvh": lambda d: d.startswith(b"HIERARCHY") and d.endswith(b"\n\n"),
}


def _select(actor: Actor) -> None:
    """Select rig and skin alone, in object mode: exporters refuse others."""
    active = bpy.context.view_layer.objects.active
    if active is not None and active.mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")
    for obj in bpy.context.view_layer.objects:
        obj.select_set(obj in (actor.rig, actor.skin))
    bpy.context.view_layer.objects.active = actor.rig


def write_blend(actor: Actor, path: Path) -> None:
    """The whole scene, compressed; the rig is active and selected when it is opened."""
    _select(actor)
    # No .blend1 beside the temporary name.
    bpy.context.preferences.filepaths.save_version = 0
    bpy.ops.wm.save_as_mainfile(filepath=str(path), copy=True, compress=True, check_existing=False)


def write_gltf(actor: Actor, path: Path) -> None:
    """glTF binary with skin, morph targets and the action, sampled, so that correctives move without drivers.

    Each vertex keeps its four strongest joints, which is all that most viewers read. Of a look with pictures these
    are written and no vertex colours, by which viewers would multiply them.
    """
    addon_utils.enable("io_scene_gltf2")
    _select(actor)
    known = bpy.ops.export_scene.gltf.get_rna_type().properties
    # Before Blender 3.6 the choice was between NLA tracks and the actions that are assigned.
    actions = "export_animation_mode" in known
    mode: dict[str, Any] = {"export_animation_mode": "ACTIVE_ACTIONS"} if actions else {"export_nla_strips": False}
    if has_pictures(actor):
        mode |= {"export_vertex_color": "NONE"} if "export_vertex_color" in known else {"export_colors": False}
    bpy.ops.export_scene.gltf(
        filepath=str(path),
        export_format="GLB",
        use_selection=True,
        export_yup=True,
        export_skins=True,
        export_morph=True,
        export_morph_normal=False,
        export_animations=True,
        export_force_sampling=True,
        export_extras=True,
        **mode,
    )


def write_fbx(actor: Actor, path: Path) -> None:
    """Binary FBX with the action baked, and a look's pictures in it."""
    addon_utils.enable("io_scene_fbx")
    _select(actor)
    pictures: dict[str, Any] = {"path_mode": "COPY", "embed_textures": True} if has_pictures(actor) else {}
    if "prioritize_active_color" in bpy.ops.export_scene.fbx.get_rna_type().properties:
        pictures["prioritize_active_color"] = True
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
        **pictures,
    )


def _options(name: str) -> Any:
    """The options of one of Blender's own exporters; empty where it was built without that."""
    return getattr(bpy.ops.wm, name).get_rna_type().properties if name in dir(bpy.ops.wm) else {}


def _usd_textures(known: Any, write: bool) -> dict[str, Any]:
    """The options that have the exporter write textures or not, by the names that this Blender gives them."""
    how = {"overwrite_textures": True, "relative_paths": True} if write else {}
    if "export_textures_mode" in known:
        return {"export_textures_mode": "NEW" if write else "KEEP", **how}
    return {"export_textures": write, **how}


def write_usd(actor: Actor, path: Path) -> None:
    """USD with UsdSkel: skeleton, blend shapes and their animation.

    A look's pictures lie in a folder `TEXTURES` beside the file, since this format cannot hold them; each is named by
    what it shows, so that the files of several actors do not get in each other's way.

    Raises:
        InvalidInput: this Blender was built without USD, as Debian's, or writes no skeletons to it.
    """
    known = _options("usd_export")
    if "export_armatures" not in known:
        raise InvalidInput("This Blender writes no skeletons to USD.", "Export glTF, or use Blender 4.2 or later.")
    _select(actor)
    bpy.ops.wm.usd_export(
        filepath=str(path),
        check_existing=False,
        selected_objects_only=True,
        export_animation=True,
        export_armatures=True,
        export_shapekeys=True,
        export_custom_properties=True,
        # Would leave a `textures` folder beside the file, as the actor's own pictures do where it has some.
        convert_world_material=False,
        **_usd_textures(known, has_pictures(actor)),
    )


def write_alembic(actor: Actor, path: Path) -> None:
    """Alembic: the skin, posed in every frame of the scene's range, without a rig.

    Raises:
        InvalidInput: this Blender was built without Alembic, as Debian's.
    """
    if not _options("alembic_export"):
        raise InvalidInput("This Blender was built without Alembic.", "Export USD, or use Blender from blender.org.")
    _select(actor)
    # The rig would be written as an empty of no use.
    actor.rig.select_set(False)
    bpy.context.view_layer.objects.active = actor.skin
    bpy.ops.wm.alembic_export(
        filepath=str(path),
        check_existing=False,
        # As a background job it would return before the file is there.
        as_background_job=False,
        selected=True,
        flatten=True,
        uvs=True,
        vcolors=True,
        start=bpy.context.scene.frame_start,
        end=bpy.context.scene.frame_end,
    )


def write_npz(actor: Actor, path: Path) -> None:
    """The motion in the world, with the betas, as an AMASS archive."""
    motion, betas = read_motion(actor.rig, world=True)
    skeleton = skeleton_of(actor.rig)
    write_amass(path, motion, betas, gender_of(actor.rig), skeleton.joints(betas)[skeleton.root])


def write_motion_capture(actor: Actor, path: Path) -> None:
    """The motion in the world as BVH."""
    motion, betas = read_motion(actor.rig, world=True)
    write_bvh(path, motion, skeleton_of(actor.rig), betas)


WRITERS: dict[str, Callable[[Actor, Path], None]] = {
    ".blend": write_blend,
    ".glb": write_gltf,
    ".fbx": write_fbx,
    ".usdc": write_usd,
    ".abc": write_alembic,
    ".npz": write_npz,
    ".bvh": write_motion_capture,
}
