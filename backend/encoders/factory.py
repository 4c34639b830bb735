"""The encoders by name."""

from __future__ import annotations

import os
from collections.abc import Callable

from .. import assets
from ..protocol import AssetsMissing, InvalidInput
from .base import TextEncoder


def _minilm() -> TextEncoder:
    from .sentence import load_sentence_encoder

    folder = assets.find_minilm() or assets.from_hub("sentence-transformers/all-MiniLM-L6-v2")
    return load_sentence_encoder("minilm", folder)


def _mpnet() -> TextEncoder:
    from .sentence import load_sentence_encoder

    folder = assets.find_mpnet() or assets.from_hub("sentence-transformers/all-mpnet-base-v2")
    return load_sentence_encoder("mpnet", folder)


def _clip() -> TextEncoder:
    from .clip import OpenClipEncoder

    model = os.environ.get("IMPROMPTU_CLIP_MODEL", "ViT-B-32")
    checkpoint = assets.named_path("IMPROMPTU_CLIP")
    if checkpoint is None and not assets.hub_allowed():
        raise AssetsMissing(
            "No CLIP weights are on this machine.",
            "Name an open_clip checkpoint in IMPROMPTU_CLIP and its architecture in IMPROMPTU_CLIP_MODEL, "
            f"or set {assets.HUB_SWITCH}=1 to download them.",
        )
    return OpenClipEncoder(model, checkpoint)


ENCODERS: dict[str, Callable[[], TextEncoder]] = {"minilm": _minilm, "mpnet": _mpnet, "clip": _clip}
_PRESENT: dict[str, Callable[[], bool]] = {
    "minilm": lambda: assets.find_minilm() is not None,
    "mpnet": assets.has_mpnet,
    "clip": lambda: assets.named_path("IMPROMPTU_CLIP") is not None,
}
_loaded: dict[str, TextEncoder] = {}


def present_encoders() -> tuple[str, ...]:
    """Names of the encoders whose files are on this machine; loads none."""
    return tuple(name for name in ENCODERS if _PRESENT[name]())


def load_encoder(name: str) -> TextEncoder:
    """An encoder, loaded once a process.

    Raises:
        InvalidInput: no such name.
        AssetsMissing: its files are not on this machine.
    """
    if name not in ENCODERS:
        raise InvalidInput(f"There is no encoder {name!r}.", f"Use one of {', '.join(ENCODERS)}.")
    if name not in _loaded:
        _loaded[name] = ENCODERS[name]()
    return _loaded[name]


def loaded_encoders() -> tuple[str, ...]:
    """Names of the encoders that are in memory."""
    return tuple(_loaded)


def release() -> tuple[str, ...]:
    """Forget the loaded encoders, so that their memory can be given back.

    Returns:
        their names; the next `load_encoder` loads them again.
    """
    names = tuple(_loaded)
    _loaded.clear()
    return names
