"""Which packages of an environment are whole. Runs in the environment's own Python, as a script.

`python inspect_environment.py` with a JSON object on standard input:
`{"packages": {name: version}, "imports": [modules], "prepare": path of a file with ensure_torchvision_imports}`
prints `{"broken": {name: reason}, "failed": {module: error}}`.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
from importlib import metadata


def trouble_of(name: str, version: str) -> str:
    """Why an installed package is not the wanted one, whole; empty: it is."""
    try:
        found = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return "is not installed"
    if found.version != version:
        return f"is {found.version} instead of {version}"
    files = found.files
    if files is None:
        return "has no list of files"
    for file in files:
        # Scripts lie outside and nobody runs them; compiled files have no recorded size and come back by themselves.
        if file.size is None or file.parts[0] == "..":
            continue
        try:
            size = file.locate().stat().st_size
        except OSError:
            return f"lacks {file}"
        if size != file.size:
            return f"has a damaged {file}"
    return ""


def import_all(modules: list[str], prepare: str) -> dict[str, str]:
    """Import modules; the error of each that does not."""
    failed = {}
    for module in modules:
        try:
            importlib.import_module(module)
            if module == "torch" and prepare:
                spec = importlib.util.spec_from_file_location("prepare", prepare)
                assert spec is not None
                assert spec.loader is not None
                prepared = importlib.util.module_from_spec(spec)
                spec.loader.exec_module(prepared)
                prepared.ensure_torchvision_imports()
        except Exception as error:  # noqa: BLE001 - whatever a broken package does on import is the finding
            failed[module] = f"{type(error).__name__}: {error}".splitlines()[0]
    return failed


def main() -> None:
    """See the module."""
    asked = json.load(sys.stdin)
    broken = {n: why for n, v in asked["packages"].items() if (why := trouble_of(n, v))}
    failed = {} if broken else import_all(asked["imports"], asked["prepare"])
    sys.__stdout__.write("\n" + json.dumps({"broken": broken, "failed": failed}) + "\n")


if __name__ == "__main__":
    main()
