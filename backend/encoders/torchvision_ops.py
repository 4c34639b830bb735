"""Lets torchvision import beside a torch build that its compiled operators do not match.

Registries carry torchvision for CUDA builds of torch only; beside a CPU build its library does not load, and since
its import then fails on two undeclared operators, so does that of transformers and open_clip, which need none of
them. Declaring the two is enough.
"""

from __future__ import annotations

import importlib.util

import torch

_SCHEMAS = {
    "nms": "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}
_library: list[torch.library.Library] = []


def ensure_torchvision_imports() -> None:
    """Declare the operators that an unloadable torchvision lacks. Call before transformers or open_clip."""
    if _library or importlib.util.find_spec("torchvision") is None:
        return
    try:
        import torchvision  # noqa: F401
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
        library = torch.library.Library("torchvision", "FRAGMENT")
        _library.append(library)
        for schema in _SCHEMAS.values():
            library.define(schema)
        import sys

        for name in [m for m in sys.modules if m == "torchvision" or m.startswith("torchvision.")]:
            del sys.modules[name]
        import torchvision  # noqa: F401
