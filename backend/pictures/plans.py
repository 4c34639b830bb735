"""Kinds of sets -> what plans them; each is imported when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .plan import Plan


def _frames(request: Any) -> Plan:
    from .frames import FramesPlan

    return FramesPlan(request)


def _shapes(request: Any) -> Plan:
    from .shapes import ShapesPlan

    return ShapesPlan(request)


def _captions(request: Any) -> Plan:
    from .captions_plan import CaptionsPlan

    return CaptionsPlan(request)


PLANS: dict[str, Callable[[Any], Plan]] = {"frames": _frames, "shapes": _shapes, "captions": _captions}
