"""Impromptu: a prompt becomes a rigged, keyframed character in Blender.

The package has three rooms: `addon` (inside Blender), `backend` (torch, in its own interpreter)
and `rendering` (headless Blender). Importing `impromptu` imports none of them.
"""

__version__ = "0.1.0"

bl_info = {
    "name": "Impromptu",
    "author": "The Impromptu authors",
    "version": (0, 1, 0),
    "blender": (3, 4, 0),
    "location": "3D Viewport > Sidebar > Impromptu",
    "description": "A prompt becomes a rigged, keyframed character",
    "category": "Animation",
}
"""For Blender before 4.2; later ones read `blender_manifest.toml`."""

if __name__.startswith("bl_ext."):
    # Blender warns of an extension that has both.
    del bl_info


def register() -> None:
    """Blender enables the add-on."""
    from .addon import registration

    registration.register()


def unregister() -> None:
    """Blender disables the add-on."""
    from .addon import registration

    registration.unregister()
