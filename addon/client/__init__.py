"""Blender's side of the backend: its processes, its jobs and its runtime. Standard library only, no bpy, no threads."""
