"""The encoders by name."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from .. import assets
from ..protocol import AssetsMissing, InvalidInput
from .base import EncoderOptions, JointEncoder, TextEncoder

BUILT_IN = ("body", "judge")
"""What guides by default, and what only judges."""
_DATA = Path(__file__).parent / "data"
_OPEN_CLIP = "open_clip:"
SPECS = f"auto, clip, body, a folder of transformers, or {_OPEN_CLIP}ARCHITECTURE:CHECKPOINT"
_DEFAULTS = EncoderOptions()


def _minilm() -> TextEncoder:
    from .sentence import load_sentence_encoder

    folder = assets.find_minilm() or assets.from_hub("sentence-transformers/all-MiniLM-L6-v2")
    return load_sentence_encoder("minilm", folder)


def _mpnet() -> TextEncoder:
    from .sentence import load_sentence_encoder

    folder = assets.find_mpnet() or assets.from_hub("sentence-transformers/all-mpnet-base-v2")
    return load_sentence_encoder("mpnet", folder)


def _animals(options: EncoderOptions) -> JointEncoder:
    from .classifiers.animals import AnimalsEncoder

    return AnimalsEncoder(options)


def _faces(options: EncoderOptions) -> JointEncoder:
    from .classifiers.faces import FacesEncoder

    return FacesEncoder(options)


CLASSIFIERS: dict[str, Callable[[EncoderOptions], JointEncoder]] = {"animals": _animals, "faces": _faces}
"""Published classifiers, which know the names of their classes and nothing else."""
ENCODERS: dict[str, Callable[[], TextEncoder]] = {
    "minilm": _minilm,
    "mpnet": _mpnet,
    "clip": lambda: load_joint_encoder("clip"),
    "body": lambda: load_joint_encoder("body"),
}
_PRESENT: dict[str, Callable[[], bool]] = {
    "minilm": lambda: assets.find_minilm() is not None,
    "mpnet": assets.has_mpnet,
    "clip": lambda: assets.find_clip() is not None,
    "body": lambda: (_DATA / "body.safetensors").is_file(),
}
_loaded: dict[str, TextEncoder] = {}
_joint: dict[tuple[str, EncoderOptions], JointEncoder] = {}


def present_encoders() -> tuple[str, ...]:
    """Names of the encoders whose files are on this machine; loads none."""
    return tuple(name for name in ENCODERS if _PRESENT[name]())


def load_encoder(name: str) -> TextEncoder:
    """An encoder of texts, loaded once a process.

    Raises:
        InvalidInput: no such name.
        AssetsMissing: its files are not on this machine.
    """
    if name not in ENCODERS:
        raise InvalidInput(f"There is no encoder {name!r}.", f"Use one of {', '.join(ENCODERS)}.")
    if name not in _loaded:
        _loaded[name] = ENCODERS[name]()
    return _loaded[name]


def load_joint_encoder(spec: str = "auto", options: EncoderOptions = _DEFAULTS) -> JointEncoder:
    """An encoder of texts and pictures, loaded once a process for each set of options.

    Args:
        spec: `auto`: `clip` where one is named or fetched, else `body`;
            `body`, `judge`: the built-in ones;
            `animals`, `faces`: classifiers, of ImageNet's animals and of seven expressions;
            `clip`: what `IMPROMPTU_CLIP` names, else one that was fetched, else OpenAI's where downloads are allowed;
            the name of a fetched model, such as `clip-l-14`;
            `open_clip:ARCHITECTURE:WEIGHTS`: of a checkpoint's path, a tag of published weights, or `TAG:PATH`;
            a folder, as transformers or open_clip writes it.
        options: device, precision, memory.

    Raises:
        InvalidInput: no such thing, or it is damaged.
        AssetsMissing: its files are not on this machine, and downloading is not allowed.
    """
    if spec == "auto":
        spec = "clip" if assets.find_clip() is not None else "body"
    if (spec, options) not in _joint:
        _joint[spec, options] = _load(spec, options)
    return _joint[spec, options]


def _load(spec: str, options: EncoderOptions) -> JointEncoder:
    if spec in BUILT_IN:
        from .builtin.encoder import load_builtin

        return load_builtin(spec, options)
    if spec in CLASSIFIERS:
        return CLASSIFIERS[spec](options)
    if spec == "clip":
        return _clip(options)
    if spec.startswith(_OPEN_CLIP):
        return _open_clip(spec.removeprefix(_OPEN_CLIP), options)
    folder = assets.fetched(spec) if spec in _names_of_fetched() else None
    if folder is not None:
        record = assets.record_of(spec)
        return _local(str(record.get("architecture", "")), folder / str(record.get("weights") or ""), spec, options)
    path = Path(spec).expanduser()
    if path.is_dir():
        return _local("", path, path.name, options)
    if path.is_file():
        raise InvalidInput(
            f"{path.name} does not say of which architecture it is.", f"Write {_OPEN_CLIP}ViT-B-32:{spec}."
        )
    raise InvalidInput(f"There is no encoder of texts and pictures {spec!r}.", f"Use {SPECS}.")


def _names_of_fetched() -> list[str]:
    root = assets.models_path()
    return [folder.name for folder in root.iterdir()] if root.is_dir() else []


def _clip(options: EncoderOptions) -> JointEncoder:
    """What the environment names, or was fetched, or may be downloaded: OpenAI's checked, another by open_clip."""
    found = assets.find_clip()
    if found is None and assets.hub_allowed() and not os.environ.get("IMPROMPTU_CLIP_MODEL"):
        from ..fetched import fetch
        from ..models_list import model_named

        fetch(model_named("clip"))
        found = assets.find_clip()
    if found is not None:
        return _local(*found, "clip", options)
    from .clip import DEFAULT_MODEL, OpenClipEncoder

    return OpenClipEncoder(os.environ.get("IMPROMPTU_CLIP_MODEL") or DEFAULT_MODEL, options=options)


def _local(architecture: str, path: Path, name: str, options: EncoderOptions) -> JointEncoder:
    """A checkpoint of an architecture, or a folder that knows its own."""
    if architecture:
        from .clip import OpenClipEncoder

        return OpenClipEncoder(architecture, path, options=options)
    from .folder import FolderEncoder

    return FolderEncoder(path, name, options)


def _open_clip(rest: str, options: EncoderOptions) -> JointEncoder:
    """`ARCHITECTURE`, `ARCHITECTURE:TAG`, `ARCHITECTURE:PATH` or `ARCHITECTURE:TAG:PATH`."""
    from .clip import OpenClipEncoder

    model, _, weights = rest.partition(":")
    if not weights or Path(weights).expanduser().is_file():
        return OpenClipEncoder(model, Path(weights).expanduser() if weights else None, options=options)
    tag, _, path = weights.partition(":")
    if any(mark in tag for mark in "/\\.") or (path and not Path(path).expanduser().is_file()):
        raise AssetsMissing(f"There is no file {path or weights}.", f"Correct {_OPEN_CLIP}{rest}.")
    return OpenClipEncoder(model, Path(path).expanduser() if path else None, tag, options)


def loaded_encoders() -> tuple[str, ...]:
    """Names of the encoders that are in memory."""
    return tuple(dict.fromkeys([*_loaded, *(spec for spec, _ in _joint)]))


def release() -> tuple[str, ...]:
    """Forget the loaded encoders, so that their memory can be given back.

    Returns:
        their names; the next `load_encoder` loads them again.
    """
    names = loaded_encoders()
    _loaded.clear()
    _joint.clear()
    return names
