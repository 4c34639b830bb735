"""The file of a built-in encoder: half-precision tensors as .safetensors, with sizes, words and origin as text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ...files import atomic_path
from ...protocol import InvalidInput
from .model import BodyEncoder, BodyEncoderConfig
from .vocabulary import Vocabulary
from .words import word_features

FORMAT = "impromptu-body-encoder 1"
ROWS = "words"
"""The vocabulary's vectors, beside the model's own tensors."""


def save(path: Path, model: BodyEncoder, words: tuple[str, ...], features: Tensor, origin: Mapping[str, Any]) -> None:
    """Write an encoder, whole or not at all.

    Args:
        words: of the captions; features: (n, FEATURES) theirs. Their projections are kept, so that texts of these
            words need no other model.
        origin: how it came about, as JSON values: provenance.
    """
    from safetensors.torch import save_file

    with torch.inference_mode():
        rows = model.text.project(features)
    tensors = {**model.state_dict(), ROWS: rows}
    half = {name: value.to(torch.float16).contiguous() for name, value in tensors.items()}
    about = {
        "format": FORMAT,
        "config": json.dumps(asdict(model.config)),
        "words": json.dumps(words),
        "origin": json.dumps(origin, sort_keys=True),
    }
    with atomic_path(path) as temporary:
        save_file(half, str(temporary), about)


def load(path: Path) -> tuple[BodyEncoder, tuple[str, ...], Tensor, dict[str, Any]]:
    """The model in float32, for use alone, its words, their vectors (n, width), and its origin.

    Raises:
        InvalidInput: the file is damaged, or another thing.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), "pt") as file:
            about = file.metadata() or {}
            if about.get("format") != FORMAT:
                raise InvalidInput(f"{path.name} is no built-in encoder of this version.", "Install Impromptu again.")
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
        model = BodyEncoder(BodyEncoderConfig(**json.loads(about["config"])))
        rows = tensors.pop(ROWS)
        model.load_state_dict(tensors)
        words = tuple(json.loads(about["words"]))
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise InvalidInput(f"{path.name} is damaged.", "Install Impromptu again.") from error
    if len(words) != len(rows):
        raise InvalidInput(f"{path.name} is damaged.", "Install Impromptu again.")
    model = model.to(memory_format=torch.channels_last).eval()  # pyright: ignore[reportCallIssue]
    return model.requires_grad_(False), words, rows, json.loads(about["origin"])


def for_training(path: Path) -> tuple[BodyEncoder, Vocabulary, dict[str, Any]]:
    """As `load`, but the vocabulary has its words' features again, from MiniLM, so that they can be projected anew.

    Raises:
        InvalidInput: as `load`. AssetsMissing: MiniLM is not on this machine.
    """
    model, words, _, origin = load(path)
    return model, Vocabulary(words, torch.from_numpy(word_features(words))), origin
