"""Names and folders of the extension, in one place.

Blender installs an extension as `bl_ext.REPOSITORY.impromptu` and a legacy add-on under its folder's name;
preferences and user folders go by that name, which is this package's parent and never `__package__` of a module here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

PACKAGE = __package__.rpartition(".")[0]
"""What Blender calls this extension."""
NAME = "impromptu"


def root() -> Path:
    """The folder that holds `addon`, `backend` and `rendering`."""
    return Path(__file__).resolve().parents[1]


def user_folder(create: bool = True) -> Path:
    """Where this extension may write: it stays when the extension is updated.

    Args:
        create: make the folder if it is not there.
    """
    if PACKAGE.startswith("bl_ext."):
        return Path(bpy.utils.extension_path_user(PACKAGE, path="", create=create))
    return Path(bpy.utils.user_resource("CONFIG", path=NAME, create=create))


def jobs_folder(create: bool = True) -> Path:
    """One folder a job, with its request, state, log and results."""
    folder = user_folder(create) / "jobs"
    if create:
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def preferences(context: bpy.types.Context | None = None) -> Any:
    """The add-on's preferences, or None where it is registered without being enabled (a script, a test)."""
    addon = (context or bpy.context).preferences.addons.get(PACKAGE)
    return addon.preferences if addon else None
