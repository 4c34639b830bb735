"""CLIP and its kin through open_clip: both towers, by architecture and weights."""

from __future__ import annotations

import contextlib
import logging
import pickle
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from .. import assets
from ..protocol import AssetsMissing, InvalidInput
from .base import EncoderOptions, digest_files
from .images import Preprocessing
from .torch_encoder import TorchEncoder, too_long
from .torchscript import is_torchscript, read_tensors

DEFAULT_MODEL, DEFAULT_TAG = "ViT-B-32", "openai"
_TEXTS_AT_ONCE = 64
"""On a GPU; on a CPU as many texts take as long one by one."""
_DAMAGED = (
    RuntimeError, OSError, ValueError, KeyError, TypeError, AttributeError, AssertionError, EOFError, IndexError,
    StopIteration, pickle.UnpicklingError,
)  # fmt: skip


class OpenClipEncoder(TorchEncoder):
    """CLIP-Actor's h: captions and pictures share its space.

    Args:
        model: open_clip's name of the architecture, such as `ViT-B-32`.
        checkpoint: weights on this machine: a state dictionary (.pt, .safetensors) or OpenAI's own archive.
        tag: which published weights they are, which decides preprocessing and activations; without a checkpoint
            they are downloaded. By default OpenAI's, or of a checkpoint what most published ones of its architecture
            want.
        options: device, precision, memory.

    Raises:
        InvalidInput: no such architecture or tag, or the checkpoint is not one of it.
        AssetsMissing: something would have to be downloaded, and the user did not allow it.
    """

    name = "clip"
    keeps_texts_on_disk = True

    def __init__(
        self,
        model: str = DEFAULT_MODEL,
        checkpoint: Path | None = None,
        tag: str | None = None,
        options: EncoderOptions = EncoderOptions(),  # noqa: B008  frozen
    ) -> None:
        if checkpoint is None:
            tag = tag or DEFAULT_TAG
            _ask_for_download(model)
        config = _config(model, tag)
        self.model, self.checkpoint, self.tag = model, checkpoint, tag
        self._tokenizer = _tokenizer(model, config, checkpoint)
        if checkpoint is not None and is_torchscript(checkpoint):
            self.tag = tag = tag or (DEFAULT_TAG if DEFAULT_TAG in _tags(model) else None)
            module = _from_torchscript(model, checkpoint, _settings(model, tag))
        else:
            module = _create(model, checkpoint, _settings(model, tag), tag)
        self._model = module
        scale = float(module.logit_scale.detach().exp())
        super().__init__(module, _preprocessing(module), int(config["embed_dim"]), scale, options)
        self.texts_at_once = 1 if self.device.type == "cpu" else _TEXTS_AT_ONCE

    @property
    def digest(self) -> str:
        salt = f"open_clip {self.model} {self.tag or ''}"
        return digest_files(*([self.checkpoint] if self.checkpoint else []), salt=salt)

    def _text_tower(self, texts: list[str]) -> Tensor:
        return self._model.encode_text(self._tokenizer(texts).to(self.device))

    def _image_tower(self, prepared: Tensor) -> Tensor:
        return self._model.encode_image(prepared)

    def _check_length(self, text: str) -> None:
        inner = getattr(self._tokenizer, "tokenizer", None)
        count = (
            len(inner(self._tokenizer.clean_fn(text)).input_ids) if inner else len(self._tokenizer.encode(text)) + 2
        )
        if count > self._tokenizer.context_length:
            raise too_long(text, count, self._tokenizer.context_length)


def _open_clip() -> Any:
    from .torchvision_ops import ensure_torchvision_imports

    ensure_torchvision_imports()
    import open_clip

    return open_clip


def _ask_for_download(model: str) -> None:
    if not assets.hub_allowed():
        raise AssetsMissing(
            f"No CLIP weights for {model} are on this machine.",
            "Run impromptu models fetch clip, or name an open_clip checkpoint in IMPROMPTU_CLIP and its architecture "
            f"in IMPROMPTU_CLIP_MODEL, or set {assets.HUB_SWITCH}=1 to download them.",
        )


def _config(model: str, tag: str | None) -> dict[str, Any]:
    """open_clip's description of an architecture.

    Raises:
        InvalidInput: it knows no such one, or no such weights of it.
    """
    config = _open_clip().get_model_config(model) if model in _open_clip().list_models() else None
    if config is None:
        raise InvalidInput(
            f"open_clip knows no architecture {model!r}.",
            "Give one of open_clip.list_models() in IMPROMPTU_CLIP_MODEL, such as ViT-B-32 or ViT-L-14.",
        )
    if tag is not None and tag not in _tags(model):
        known = ", ".join(_tags(model)) or "the path of a checkpoint"
        raise InvalidInput(f"{tag!r} is neither a file nor published weights of {model}.", f"Use {known}.")
    if "hf_model_name" in config["text_cfg"] and not assets.hub_allowed():
        raise AssetsMissing(
            f"The text tower of {model} is described on the hub alone.",
            f"Set {assets.HUB_SWITCH}=1 to download that, or use another architecture.",
        )
    return config


def _tags(model: str) -> list[str]:
    """Published weights of an architecture."""
    return _open_clip().list_pretrained_tags_by_model(model)


def _settings(model: str, tag: str | None) -> dict[str, Any]:
    """What published weights want beside their numbers: arguments of `open_clip.create_model`.

    Without a tag: the preprocessing that most weights of the architecture want, and its own activations. open_clip
    itself takes OpenAI's preprocessing for every file, which SigLIP's towers were not trained with, and only warns
    where weights trained with QuickGELU meet a tower without.
    """
    lib = _open_clip()
    if tag is not None:
        published = lib.get_pretrained_cfg(model, tag)
        return {
            "force_preprocess_cfg": _of_preprocessing(published),
            "force_quick_gelu": published.get("quick_gelu", False),
        }
    wanted = [_of_preprocessing(lib.get_pretrained_cfg(model, name)) for name in _tags(model)]
    most = Counter(str(cfg) for cfg in wanted).most_common(1)
    return {"force_preprocess_cfg": next(cfg for cfg in wanted if str(cfg) == most[0][0])} if most else {}


def _of_preprocessing(published: dict[str, Any]) -> dict[str, Any]:
    return {key: published[key] for key in ("mean", "std", "interpolation", "resize_mode") if key in published}


def _preprocessing(module: nn.Module) -> Preprocessing:
    """What open_clip says of a model, in our words."""
    said = _open_clip().get_model_preprocess_cfg(module)
    size = said["size"]
    height, width = size if isinstance(size, tuple | list) else (size, size)
    if height != width:
        raise InvalidInput(f"The model wants pictures of {height} x {width}.", "Use one that wants squares.")
    return Preprocessing(
        int(height),
        tuple(said["mean"]),
        tuple(said["std"]),
        said["resize_mode"],
        said["interpolation"],
        said.get("fill_color", 0) / 255,
    )


def _tokenizer(model: str, config: dict[str, Any], checkpoint: Path | None) -> Any:
    """The tokenizer; one of the hub is looked for beside the checkpoint first.

    Raises:
        AssetsMissing: it is not there, and downloading is not allowed.
    """
    text = config["text_cfg"]
    if "hf_tokenizer_name" not in text:
        return _open_clip().get_tokenizer(model)
    beside = (
        checkpoint.parent if checkpoint is not None and (checkpoint.parent / "tokenizer.json").is_file() else None
    )
    if beside is None and not assets.hub_allowed():
        raise AssetsMissing(
            f"The tokenizer of {model} is not on this machine.",
            f"Put {text['hf_tokenizer_name']}'s tokenizer.json and tokenizer_config.json beside the checkpoint, or "
            f"set {assets.HUB_SWITCH}=1 to download them.",
        )
    if beside is None:
        return _open_clip().get_tokenizer(model)
    from open_clip.tokenizer import HFTokenizer

    return HFTokenizer(
        str(beside),
        context_length=text.get("context_length", 77),
        tokenizer_mode=text.get("tokenizer_mode"),
        **{**text.get("tokenizer_kwargs", {}), "local_files_only": True, "trust_remote_code": False},
    )


def _create(model: str, checkpoint: Path | None, settings: dict[str, Any], tag: str | None) -> Any:
    """The model on the CPU; a checkpoint's pickles are read as plain tensors, never run.

    Raises:
        InvalidInput: the checkpoint does not fit the architecture or is damaged.
        AssetsMissing: the download failed.
    """
    weights = str(checkpoint) if checkpoint else tag
    try:
        with _quiet():
            return _open_clip().create_model(
                model, pretrained=weights, pretrained_text=False, device="cpu", weights_only=True, **settings
            )
    except _DAMAGED as error:
        if checkpoint is None:
            raise AssetsMissing(
                f"CLIP's weights for {model} could not be downloaded.", "Name a local checkpoint in IMPROMPTU_CLIP."
            ) from error
        raise _unfit(model, checkpoint) from error


def _from_torchscript(model: str, checkpoint: Path, settings: dict[str, Any]) -> Any:
    """The model with the weights of OpenAI's kind of archive; what else lies in it is left out."""
    tensors = read_tensors(checkpoint)
    with _quiet():
        module = _open_clip().create_model(model, pretrained_text=False, **settings)
    wanted = module.state_dict()
    try:
        module.load_state_dict({key: tensors[key] for key in wanted if key in tensors})
    except RuntimeError as error:
        raise _unfit(model, checkpoint) from error
    return module


def _unfit(model: str, checkpoint: Path) -> InvalidInput:
    return InvalidInput(
        f"{checkpoint.name} is not a checkpoint of {model}.",
        "Give an open_clip state dictionary (.pt or .safetensors) and its architecture in IMPROMPTU_CLIP_MODEL.",
    )


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without open_clip's talk about what it loads; what matters of it is an error here."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
