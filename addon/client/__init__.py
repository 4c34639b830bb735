"""Blender's side of the backend: its processes, jobs and runtime. Standard library only, no bpy, no threads."""
