"""Run a plan: `python addon/client/installer PLAN.json`.

Speaks the `progress`, `result` and `error` messages of the wire protocol on standard output; what pip says goes to
standard error. Ends with 0 or 1; an interrupt (Ctrl-C) ends it at once and leaves what a later run goes on from.
"""

import importlib
import importlib.util
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
NAME = "impromptu_installer"


def bootstrap() -> None:
    """Make this folder importable under a name of its own, whatever the extension's package is called."""
    spec = importlib.util.spec_from_file_location(NAME, HERE / "__init__.py", submodule_search_locations=[str(HERE)])
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[NAME] = module
    spec.loader.exec_module(module)


if __name__ == "__main__":
    # The folder's own modules must not stand in for others' of the same name.
    sys.path[:] = [p for p in sys.path if Path(p or ".").resolve() != HERE]
    bootstrap()
    sys.exit(importlib.import_module(f"{NAME}.actions").main(sys.argv[1]))
