"""How a test run inside Blender's Python ends: Blender as a module can crash or hang in its own clean-up."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from pathlib import Path

import pytest

SESSION = pytest.StashKey[pytest.Session]()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    """Kept, since other plug-ins may still change the exit status."""
    session.config.stash[SESSION] = session


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    """Leave with pytest's own exit status once all is reported, without Blender's clean-up."""
    bpy, session = sys.modules.get("bpy"), config.stash.get(SESSION, None)
    if bpy is None or session is None:
        return
    registration = sys.modules.get("impromptu.addon.registration")
    if registration and hasattr(bpy.types.Scene, "impromptu"):
        registration.unregister()
    shutil.rmtree(bpy.app.tempdir, ignore_errors=True)
    config.get_terminal_writer().flush()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(int(session.exitstatus))


@pytest.fixture
def file_server(monkeypatch):
    """A server of files on this machine that can misbehave: see file_server.py."""
    spec = importlib.util.spec_from_file_location("file_server", Path(__file__).with_name("file_server.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with module.serving() as server:
        yield server
