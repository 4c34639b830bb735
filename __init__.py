"""Impromptu: a prompt becomes a rigged, keyframed character in Blender.

The package has three rooms: `addon` (inside Blender), `backend` (torch, in its own interpreter)
and `rendering` (headless Blender). Importing `impromptu` imports none of them.
"""

__version__ = "0.1.0"
