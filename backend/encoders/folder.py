"""CLIP and SigLIP from folders as transformers writes them: plain weights, no code of theirs."""

from __future__ import annotations

import os
import string
from pathlib import Path
from typing import Any

from torch import Tensor

from ..assets import hub_allowed
from ..files import read_json
from ..protocol import InvalidInput
from .base import EncoderOptions, digest_files
from .images import Preprocessing
from .torch_encoder import TorchEncoder, too_long

_CLASSES = {"clip": "CLIPModel", "siglip": "SiglipModel"}
"""By `model_type` of a folder's config.json."""
_INTERPOLATIONS = {2: "bilinear", 3: "bicubic"}
"""By Pillow's numbers."""
_CLIP_MEAN, _CLIP_STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
_HALF = (0.5, 0.5, 0.5)
_WHOLE = "Give one with config.json, model.safetensors, tokenizer.json and preprocessor_config.json."


class FolderEncoder(TorchEncoder):
    """A CLIP or SigLIP of transformers.

    Args:
        folder: config.json, model.safetensors (or its parts and their index), a tokenizer, preprocessor_config.json.
        name: key in the factory.
        options: device, precision, memory.

    Raises:
        InvalidInput: something of it is missing, damaged or of another kind.
    """

    keeps_texts_on_disk = True

    def __init__(self, folder: Path, name: str, options: EncoderOptions) -> None:
        self.folder, self.name = folder, name
        kind = _kind(folder)
        self._model = _load(folder, kind)
        self._tokenizer, first_siglip = _load_tokenizer(folder)
        # CLIP's tokenizer sees to capitals itself; SigLIP 2 was trained on small letters, with punctuation.
        self._clean = _without_marks if first_siglip else str.lower if kind == "siglip" else str
        config = self._model.config
        self._most = int(config.text_config.max_position_embeddings)
        # SigLIP was trained with every text padded to the full length and no mask; CLIP looks back only.
        self._padding = "max_length" if kind == "siglip" else "longest"
        self._masked = kind == "clip"
        preprocessing = _preprocessing(folder, kind, int(config.vision_config.image_size))
        dim = int(config.projection_dim if kind == "clip" else config.text_config.projection_size)
        super().__init__(self._model, preprocessing, dim, float(self._model.logit_scale.detach().exp()), options)

    @property
    def digest(self) -> str:
        files = sorted(p for p in self.folder.iterdir() if p.suffix in (".json", ".safetensors", ".txt", ".model"))
        return digest_files(*files, salt="transformers")

    def _text_tower(self, texts: list[str]) -> Tensor:
        cleaned = [self._clean(text) for text in texts]
        read = self._tokenizer(
            cleaned, padding=self._padding, truncation=True, max_length=self._most, return_tensors="pt"
        ).to(self.device)
        mask = {"attention_mask": read["attention_mask"]} if self._masked else {}
        return _pooled(self._model.get_text_features(input_ids=read["input_ids"], **mask))

    def _image_tower(self, prepared: Tensor) -> Tensor:
        return _pooled(self._model.get_image_features(pixel_values=prepared))

    def _check_length(self, text: str) -> None:
        count = len(self._tokenizer(self._clean(text))["input_ids"])
        if count > self._most:
            raise too_long(text, count, self._most)


def _without_marks(text: str) -> str:
    """Small letters, no punctuation: big_vision's `canonicalize_text`, on which SigLIP was trained."""
    return " ".join(text.translate(str.maketrans("", "", string.punctuation)).lower().split())


def _pooled(features: Any) -> Tensor:
    """The embedding, which transformers wraps since its version 5."""
    return features if isinstance(features, Tensor) else features.pooler_output


def _kind(folder: Path) -> str:
    """`clip` or `siglip`, of a folder that has weights which run no code."""
    config = read_json(folder / "config.json")
    kind = config.get("model_type") if isinstance(config, dict) else None
    if kind not in _CLASSES:
        raise InvalidInput(f"{folder} holds a model of the type {kind!r}, neither CLIP nor SigLIP.", _WHOLE)
    if not any((folder / name).is_file() for name in ("model.safetensors", "model.safetensors.index.json")):
        raise InvalidInput(f"{folder} has no model.safetensors; other files of weights can run code.", _WHOLE)
    return str(kind)


def _transformers() -> Any:
    """transformers, without the network unless the user allows it."""
    if not hub_allowed():
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    from .torchvision_ops import ensure_torchvision_imports

    ensure_torchvision_imports()
    import transformers

    transformers.utils.logging.disable_progress_bar()
    return transformers


def _load(folder: Path, kind: str) -> Any:
    """The model on the CPU, in float32.

    Raises:
        InvalidInput: the weights are damaged, or not all of them are there.
    """
    from safetensors import SafetensorError

    try:
        model, report = getattr(_transformers(), _CLASSES[kind]).from_pretrained(
            str(folder), local_files_only=True, use_safetensors=True, output_loading_info=True
        )
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, AttributeError, SafetensorError) as error:
        raise InvalidInput(f"{folder} does not hold a CLIP or SigLIP that can be read.", _WHOLE) from error
    missing = [*report["missing_keys"], *report["mismatched_keys"]]
    if missing:
        raise InvalidInput(
            f"The weights in {folder} are not those of its config.json: {missing[0]} is missing.", _WHOLE
        )
    return model.float()


def _load_tokenizer(folder: Path) -> tuple[Any, bool]:
    """The folder's tokenizer, and whether it is that of the first SigLIP.

    Its own class needs sentencepiece; its tokenizer.json says the same without.

    Raises:
        InvalidInput: there is none, or it is damaged.
    """
    lib, file = _transformers(), folder / "tokenizer.json"
    try:
        settings = read_json(folder / "tokenizer_config.json") if (folder / "tokenizer_config.json").is_file() else {}
        first = settings.get("tokenizer_class", "").startswith("SiglipTokenizer")
        if file.is_file() and first:
            special = {k: v for k, v in settings.items() if k in ("eos_token", "pad_token", "unk_token")}
            tokens = {k: v["content"] if isinstance(v, dict) else v for k, v in special.items()}
            tokenizer = lib.PreTrainedTokenizerFast(tokenizer_file=str(file), **tokens)
        else:
            tokenizer = lib.AutoTokenizer.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
        tokenizer.padding_side = "right"
        return tokenizer, first
    except Exception as error:  # tokenizers raises nothing more exact
        raise InvalidInput(f"{folder} does not hold a tokenizer that can be read.", _WHOLE) from error


def _preprocessing(folder: Path, kind: str, size: int) -> Preprocessing:
    """preprocessor_config.json in our words.

    Raises:
        InvalidInput: it asks for something that is not done here.
    """
    said = read_json(folder / "preprocessor_config.json")
    said = said if isinstance(said, dict) else {}
    wanted = said.get("size", size)
    sides = wanted if isinstance(wanted, dict) else {"shortest_edge": wanted} if kind == "clip" else {}
    shortest = sides.get("shortest_edge")
    given = {shortest} if shortest else {sides.get("height", size), sides.get("width", size)}
    interpolation = _INTERPOLATIONS.get(said.get("resample", 3))
    if given != {size} or interpolation is None:
        raise InvalidInput(
            f"{folder.name} wants pictures resized in a way that is not done here.",
            "Use a model that resizes them to its own size, bicubic or bilinear.",
        )
    mean, std = (_CLIP_MEAN, _CLIP_STD) if kind == "clip" else (_HALF, _HALF)
    return Preprocessing(
        size,
        tuple(said.get("image_mean", mean)),
        tuple(said.get("image_std", std)),
        "shortest" if shortest else "squash",
        interpolation,
    )
