"""Clips, importers, the motion library and retrieval."""
