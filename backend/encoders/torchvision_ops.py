"""Lets torchvision import beside a torch build that its compiled operators do not match.

Registries carry torchvision for CUDA builds of torch only. Beside a CPU build its library does not load, its
import fails on two undeclared operators, and with it that of transformers and open_clip, which need neither of
the two. Declaring them is enough.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys

import torch

_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_declared: list[torch.library.Library] = []


def ensure_torchvision_imports() -> None:
    """Declare the operators that an unloadable torchvision lacks. Call before transformers or open_clip."""
    if _declared or importlib.util.find_spec("torchvision") is None:
        return
    try:
        importlib.import_module("torchvision")
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
        library = torch.library.Library("torchvision", "FRAGMENT")
        _declared.append(library)  # a library that is collected takes its declarations with it
        for schema in _SCHEMAS:
            library.define(schema)
        for name in [m for m in sys.modules if m.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        importlib.import_module("torchvision")
