"""`python -m impromptu.backend ARGS` and `python PATH/TO/backend/__main__.py ARGS` are the command line.

The second form is how Blender starts the host: an installed extension lies in a folder that Python knows under
another name, or not at all.
"""

import importlib
import importlib.util
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def bootstrap() -> str:
    """Make the package importable, as `impromptu`, when this file runs as a script.

    Returns:
        the name of the package `backend`.
    """
    if __package__:
        return __package__
    # The script's folder comes first on the path: its `files` or `jobs` would shadow others' modules.
    here = os.path.join(ROOT, "backend")
    sys.path[:] = [p for p in sys.path if os.path.realpath(p or ".") != os.path.realpath(here)]
    init = os.path.join(ROOT, "__init__.py")
    spec = importlib.util.spec_from_file_location("impromptu", init, submodule_search_locations=[ROOT])
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["impromptu"] = module
    spec.loader.exec_module(module)
    return "impromptu.backend"


if __name__ == "__main__":
    package = bootstrap()
    if sys.argv[1:2] == ["serve"]:
        importlib.import_module(f"{package}.pipes").claim()
    sys.exit(importlib.import_module(f"{package}.cli").console())
