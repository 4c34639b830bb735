"""Engines by name."""

from __future__ import annotations

from collections.abc import Callable

from .plan import Engine
from .requests import PicturesRequest


def _raster(request: PicturesRequest) -> Engine:
    from .raster_engine import RasterEngine

    return RasterEngine()


def _blender(request: PicturesRequest) -> Engine:
    from .blender_engine import BlenderEngine

    return BlenderEngine(request.engine_options())


ENGINES: dict[str, Callable[[PicturesRequest], Engine]] = {
    "raster": _raster,
    "workbench": _blender,
    "eevee": _blender,
    "cycles": _blender,
}


def open_engine(request: PicturesRequest) -> Engine:
    """The engine that a request asks for; whoever opens it closes it.

    Raises:
        RuntimeMissing: Blender is not installed. InvalidInput: no such device here.
    """
    return ENGINES[request.engine](request)
