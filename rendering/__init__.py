"""Headless Blender: builds actors and renders them, as a process of its own."""
