"""Makes the package importable for a script of this folder, run by a Python or a Blender without it.

A script runs this file by `runpy.run_path`, then itself as a module; whatever the package's folder is called, its
name is then `impromptu`.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def bootstrap() -> None:
    """Load the package that this file lies in."""
    # The script's folder comes first on the path: its `scene` or `film` would shadow others' modules.
    sys.path[:] = [p for p in sys.path if Path(p or ".").resolve() != ROOT / "rendering"]
    spec = importlib.util.spec_from_file_location(
        "impromptu", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)]
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["impromptu"] = module
    spec.loader.exec_module(module)


bootstrap()
