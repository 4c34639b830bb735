"""Where a result comes from: enough to make it again, carried by every output."""

from __future__ import annotations

import importlib.metadata
import platform
from dataclasses import asdict
from typing import Any

from .. import __version__
from .protocol import ActRequest, EditRequest, ImportRequest

_PACKAGES = ("torch", "numpy", "sentence-transformers", "open_clip_torch", "smplx")
_NOT_OPTIONS = ("prompt", "seed", "outputs", "previews", "after", "path", "motion", "other", "minus")
"""What does not decide the result, or does not last; `motion` of an act is kept."""


def versions() -> dict[str, str]:
    """Versions of Impromptu, Python and the libraries that decide a result; absent ones are left out."""
    found = {"impromptu": __version__, "python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def describe(request: ActRequest | EditRequest | ImportRequest, **facts: Any) -> dict[str, Any]:
    """The record stored on the character, its action and beside the files.

    Args:
        request: what was asked; paths of files are left out, since they do not decide the result or do not last.
        facts: what was chosen and measured (label, clip, body, encoders ...), JSON values.
    """
    given = asdict(request)
    kept = ("motion",) if isinstance(request, ActRequest) else ()
    options = {k: v for k, v in given.items() if k not in _NOT_OPTIONS or k in kept}
    asked = {"prompt": given.get("prompt", ""), "seed": given.get("seed", 0)}
    return {**asked, "options": options, "versions": versions(), **facts}
