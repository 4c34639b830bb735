"""Tests of this folder run where bpy is."""

from __future__ import annotations

import importlib.util

import pytest

HAS_BPY = importlib.util.find_spec("bpy") is not None
collect_ignore_glob = [] if HAS_BPY else ["test_*.py"]

if HAS_BPY:
    import bpy


@pytest.fixture
def scene():
    """An empty file for each test."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return bpy.context.scene
