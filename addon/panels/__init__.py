"""The side panel of the 3D viewport, tab "Impromptu"."""
