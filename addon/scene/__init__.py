"""The only code that edits Blender data."""
