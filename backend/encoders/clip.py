"""The text tower of a CLIP model, through open_clip."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..protocol import AssetsMissing, InvalidInput
from .base import digest_files, normalise

_DEFAULT_HUB_WEIGHTS = "openai"


class OpenClipEncoder:
    """CLIP-Actor's h: captions and pictures share its space.

    Args:
        model: open_clip's name of the architecture, such as `ViT-B-32`.
        checkpoint: weights on this machine (state dictionary as .pt or .safetensors); None downloads OpenAI's.
    """

    kind = "vision-language"
    name = "clip"

    def __init__(self, model: str, checkpoint: Path | None = None) -> None:
        from .torchvision_ops import ensure_torchvision_imports

        ensure_torchvision_imports()
        import open_clip

        if model not in open_clip.list_models():
            raise InvalidInput(
                f"open_clip knows no architecture {model!r}.",
                "Give one of open_clip.list_models() in IMPROMPTU_CLIP_MODEL.",
            )
        self.model, self.checkpoint = model, checkpoint
        self._model = _create(model, checkpoint)
        self._tokenize = open_clip.get_tokenizer(model)
        self.dim = int(self.encode(["a"]).shape[1])

    @property
    def digest(self) -> str:
        if self.checkpoint is None:
            return digest_files(salt=f"open_clip {self.model} {_DEFAULT_HUB_WEIGHTS}")
        return digest_files(self.checkpoint, salt=f"open_clip {self.model}")

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """(n, dim) float32 of unit length. Every text is padded to the same context, one at a time."""
        import torch

        with torch.inference_mode():
            rows = [self._model.encode_text(self._tokenize([text]))[0].float().numpy() for text in texts]
        return normalise(np.stack(rows))


def _create(model: str, checkpoint: Path | None) -> Any:
    """The model on the CPU; a checkpoint's pickles are read as plain tensors, never run.

    Raises:
        InvalidInput: the checkpoint does not fit the architecture or is damaged.
        AssetsMissing: the download failed.
    """
    import pickle

    import open_clip

    weights = str(checkpoint) if checkpoint else _DEFAULT_HUB_WEIGHTS
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return open_clip.create_model(model, pretrained=weights, device="cpu", weights_only=True).eval()
    except (RuntimeError, OSError, ValueError, KeyError, pickle.UnpicklingError) as error:
        if checkpoint is None:
            raise AssetsMissing(
                f"CLIP's weights for {model} could not be downloaded.", "Name a local checkpoint in IMPROMPTU_CLIP."
            ) from error
        raise InvalidInput(
            f"{checkpoint.name} is not a checkpoint of {model}.",
            "Give an open_clip state dictionary (.pt or .safetensors) and its architecture in IMPROMPTU_CLIP_MODEL.",
        ) from error
