"""Where a result comes from: enough to make it again, carried by every output."""

from __future__ import annotations

import importlib.metadata
import platform
from dataclasses import asdict
from typing import Any

from .. import __version__
from .protocol import ActRequest

_PACKAGES = ("torch", "numpy", "sentence-transformers", "open_clip_torch", "smplx")


def versions() -> dict[str, str]:
    """Versions of Impromptu, Python and the libraries that decide a result; absent ones are left out."""
    found = {"impromptu": __version__, "python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def describe(request: ActRequest, **facts: Any) -> dict[str, Any]:
    """The record stored on the character, its action and beside the files.

    Args:
        request: what was asked; paths of outputs and previews are left out, since they do not decide the result.
        facts: what was chosen and measured (label, clip, body, encoders ...), JSON values.
    """
    options = {k: v for k, v in asdict(request).items() if k not in ("outputs", "previews", "prompt", "seed")}
    return {"prompt": request.prompt, "seed": request.seed, "options": options, "versions": versions(), **facts}
