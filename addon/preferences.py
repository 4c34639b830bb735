"""The preferences: which Python computes, on what, with which model files; and what the rest of the add-on reads."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import bpy
from bpy.props import BoolProperty, CollectionProperty, EnumProperty, IntProperty, StringProperty

from . import package
from .client import runtime

DEFAULTS = {
    "runtime_mode": "MANAGED",
    "python_path": "",
    "base_python": "",
    "device": "auto",
    "wheels_folder": "",
    "torch_index": "default",
    "idle_seconds": 600,
    "keep_jobs": 20,
    "allow_hub": False,
    "clip_checkpoint": "",
    "clip_model": "ViT-B-32",
    "mpnet_folder": "",
    "smplx_file": "",
    "smplh_file": "",
    "smpl_file": "",
    "flame_file": "",
    "smal_file": "",
}
"""Every preference and its default, in one place."""
MODES = (
    (
        "MANAGED",
        "Installed by Impromptu",
        "An environment of its own in the extension's folder. Takes about 1.5 GB on disk, more with a graphics card",
    ),
    (
        "EXISTING",
        "A Python of Your Own",
        "An environment that you keep up to date yourself. Nothing is downloaded or changed",
    ),
)
DEVICES = (
    ("auto", "Automatic", "The graphics card where there is one that works, else the processor"),
    ("cpu", "CPU", "The processor: works everywhere, the smallest download"),
    ("cuda", "CUDA (NVIDIA)", "An NVIDIA card: fast, downloads about 3 GB. Needs driver 580 or newer"),
    ("rocm", "ROCm (AMD)", "An AMD card under Linux: fast, downloads about 3 GB. Needs ROCm installed"),
    ("mps", "Metal (Apple)", "The graphics part of Apple silicon"),
)
MODEL_FIELDS = {
    "clip_checkpoint": (
        "CLIP Checkpoint",
        "FILE_PATH",
        "Weights of a CLIP model that open_clip reads: .pt, .safetensors",
    ),
    "mpnet_folder": ("MPNet Folder", "DIR_PATH", "all-mpnet-base-v2 as sentence-transformers saves it"),
    "smplx_file": ("SMPL-X File", "FILE_PATH", "A SMPL-X model (.npz, .pkl), from smpl-x.is.tue.mpg.de"),
    "smplh_file": ("SMPL+H File", "FILE_PATH", "A SMPL+H model (.npz, .pkl), from mano.is.tue.mpg.de"),
    "smpl_file": ("SMPL File", "FILE_PATH", "A SMPL model (.npz, .pkl), from smpl.is.tue.mpg.de"),
    "flame_file": ("FLAME File", "FILE_PATH", "A FLAME head (.npz, .pkl), from flame.is.tue.mpg.de"),
    "smal_file": ("SMAL File", "FILE_PATH", "A SMAL animal (.npz, .pkl), from smal.is.tue.mpg.de"),
}
PATHS = ("python_path", "base_python", "wheels_folder", *MODEL_FIELDS)


def online_access() -> bool:
    """Whether Blender lets add-ons use the network; it asks since 4.2."""
    return bool(getattr(bpy.app, "online_access", True))


def snapshot(context: bpy.types.Context | None = None) -> SimpleNamespace:
    """The preferences as plain values: paths made absolute, downloads allowed only where Blender allows them.

    Where the add-on is registered without being enabled (a script, a test) these are the defaults.
    """
    kept = package.preferences(context)
    values = {name: getattr(kept, name, default) for name, default in DEFAULTS.items()}
    for name in PATHS:
        values[name] = bpy.path.abspath(values[name]) if values[name] else ""
    values["allow_hub"] = values["allow_hub"] and online_access()
    return SimpleNamespace(**values, user_folder=str(package.user_folder(create=False)))


def host_command(context: bpy.types.Context | None = None) -> list[str]:
    """The command line of the host, by the preferences.

    Raises:
        RuntimeMissing: there is no Python to run it; the hint says how to get one.
    """
    return runtime.host_command(snapshot(context))


def host_environment(context: bpy.types.Context | None = None) -> dict[str, str]:
    """The variables that tell the host of model files, downloads and its cache, by the preferences."""
    return runtime.host_environment(snapshot(context))


def _follow(_kept: Any, _context: bpy.types.Context) -> None:
    """A preference of the jobs was changed."""
    from . import loop, session

    session.follow_preferences()
    if session.has_queue():
        loop.start()


def _model_path(field: str) -> Any:
    """The property of one of `MODEL_FIELDS`."""
    label, subtype, description = MODEL_FIELDS[field]
    return StringProperty(name=label, description=description, subtype=subtype, default=DEFAULTS[field])


class ModelRow(bpy.types.PropertyGroup):
    """One model file, as the backend found it."""

    what: StringProperty()
    found: BoolProperty()
    path: StringProperty()
    licence: StringProperty()
    how: StringProperty()
    problem: StringProperty()
    host: StringProperty()
    """That it can be fetched from; empty: it cannot."""
    size: StringProperty()
    """Of what would be fetched, in words."""
    fetched: BoolProperty()
    begun: BoolProperty()
    """A download of it was broken off."""
    checked: StringProperty()
    """`good`, `bad` or empty: its sha256 was not compared."""


class ImpromptuPreferences(bpy.types.AddonPreferences):
    """Where the backend computes, and with what."""

    bl_idname = package.PACKAGE

    runtime_mode: EnumProperty(
        name="Runtime",
        description="Which Python runs the backend",
        items=MODES,
        default=DEFAULTS["runtime_mode"],
    )
    python_path: StringProperty(
        name="Python",
        description="The python program of an environment that has torch and Impromptu's other packages",
        subtype="FILE_PATH",
        default=DEFAULTS["python_path"],
    )
    device: EnumProperty(
        name="Device",
        description="What the backend computes on; the installed build follows it",
        items=DEVICES,
        default=DEFAULTS["device"],
    )
    base_python: StringProperty(
        name="Base Python",
        description="Python 3.11 to 3.13 that the environment is made from. Empty: Blender's own",
        subtype="FILE_PATH",
        default=DEFAULTS["base_python"],
    )
    wheels_folder: StringProperty(
        name="Wheels Folder",
        description="Install from this folder of wheels, without the network. Empty: download them",
        subtype="DIR_PATH",
        default=DEFAULTS["wheels_folder"],
    )
    torch_index: StringProperty(
        name="Torch Index",
        description='Where torch is downloaded from: "default" (its own index), "registry" (where pip is set up to '
        "look), or an address",
        default=DEFAULTS["torch_index"],
    )
    idle_seconds: IntProperty(
        name="Give Memory Back After (Seconds)",
        description="Seconds without a job after which the backend gives its memory back. The next job then takes "
        "some seconds longer to start. 0: never",
        min=0,
        soft_max=3600,
        default=DEFAULTS["idle_seconds"],
        update=_follow,
    )
    keep_jobs: IntProperty(
        name="Keep Jobs",
        description="How many finished jobs stay on disk. One with a motion takes about 50 megabytes",
        min=1,
        soft_max=500,
        default=DEFAULTS["keep_jobs"],
        update=_follow,
    )
    allow_hub: BoolProperty(
        name="Download Models on Demand",
        description="Fetch a model that a job needs from the Hugging Face hub: 90 MB to 600 MB each. Needs Blender's "
        "online access",
        default=DEFAULTS["allow_hub"],
    )
    clip_checkpoint: _model_path("clip_checkpoint")
    clip_model: StringProperty(
        name="CLIP Architecture",
        description="open_clip's name of the checkpoint's architecture, such as ViT-B-32",
        default=DEFAULTS["clip_model"],
    )
    mpnet_folder: _model_path("mpnet_folder")
    smplx_file: _model_path("smplx_file")
    smplh_file: _model_path("smplh_file")
    smpl_file: _model_path("smpl_file")
    flame_file: _model_path("flame_file")
    smal_file: _model_path("smal_file")
    models: CollectionProperty(type=ModelRow)

    def draw(self, context: bpy.types.Context) -> None:
        """Runtime, models, jobs."""
        from .panels.runtime import draw_preferences

        draw_preferences(self.layout, self, context)


classes = (ModelRow, ImpromptuPreferences)
