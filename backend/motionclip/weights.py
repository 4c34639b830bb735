"""The file of a motion model: half-precision tensors as .safetensors, with sizes, space and origin as text."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..files import atomic_path, sha256_of
from ..motion.skeleton import JOINT_NAMES
from ..protocol import AssetsMissing, InvalidInput
from .features import WIDTH
from .model import ModelConfig, MotionClip
from .space import LatentSpace

KIND = "impromptu-motion-model "
FORMAT = f"{KIND}2"
SPREAD = "variety"
"""Directions in which motions of one text differ, beside the model's own tensors."""
SHIPPED = Path(__file__).parent / "data" / "motion.safetensors"
VARIABLE = "IMPROMPTU_MOTION_MODEL"


class MotionModel:
    """A trained model with the space that it lives in. It is not MotionCLIP's published one, unless trained as such.

    Args:
        model: in float32; about: the file's words; spread: (k, latent); sha256: of the file.
    """

    def __init__(self, model: MotionClip, about: Mapping[str, Any], spread: Tensor, sha256: str = "") -> None:
        self.net = model.eval().requires_grad_(False)
        self.about, self.spread, self.sha256 = dict(about), spread, sha256

    @property
    def name(self) -> str:
        """As shown to people."""
        return str(self.about.get("name", "motion model"))

    @property
    def licence(self) -> str:
        """Of the weights."""
        return str(self.about.get("licence", "unknown"))

    @property
    def norm(self) -> float:
        """Mean length of what the latents of its training mean: see `MotionClip.meaning`."""
        return float(self.about["norm"])

    @cached_property
    def space(self) -> LatentSpace:
        """Where texts meet its latents.

        Raises:
            Incompatible: an encoder here is another one than it was trained with.
        """
        return LatentSpace.from_json(self.about["space"])

    @torch.inference_mode()
    def encode(
        self, features: NDArray[np.floating], lengths: NDArray[np.integer] | None = None
    ) -> NDArray[np.float32]:
        """(n, T, 136) -> (n, latent); see `MotionClip.encode`."""
        rows = []
        for i in range(0, len(features), 256):
            part = torch.from_numpy(np.asarray(features[i : i + 256], np.float32))
            counts = None if lengths is None else torch.from_numpy(np.asarray(lengths[i : i + 256], np.int64))
            rows.append(self.net.encode(part, counts).numpy())
        return np.concatenate(rows) if rows else np.empty((0, self.net.config.latent), np.float32)

    @torch.inference_mode()
    def decode(
        self, latents: NDArray[np.floating], frames: int | None = None, left: float = 0.0
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """(n, latent) -> (n, T, 136) and (n, T, 4) odds of contact; see `MotionClip.decode`."""
        features, contacts = self.net.decode(torch.from_numpy(np.asarray(latents, np.float32)), frames, left=left)
        return features.numpy(), torch.sigmoid(contacts).numpy()

    def meaning(self, latents: NDArray[np.floating]) -> NDArray[np.float32]:
        """(..., latent) the part that is compared with texts; see `MotionClip.meaning`."""
        return self.net.meaning(torch.from_numpy(np.asarray(latents, np.float32))).numpy()

    def facts(self) -> dict[str, Any]:
        """For provenance."""
        return {"name": self.name, "sha256": self.sha256, "licence": self.licence}


def save_model(path: Path, model: MotionClip, about: Mapping[str, Any], spread: Tensor) -> None:
    """Write a model, whole or not at all.

    Args:
        about: `space`, `norm`, `name`, `licence`, and where it comes from, as JSON values.
        spread: (k, latent).
    """
    from safetensors.torch import save_file

    half = {name: value.to(torch.float16).contiguous() for name, value in model.state_dict().items()}
    half |= {name: getattr(model, name).float().contiguous() for name in ("mean", "std", "metric", "inverse")}
    half[SPREAD] = spread.to(torch.float16).contiguous()
    words = {"format": FORMAT, "config": json.dumps(asdict(model.config)), "about": json.dumps(about, sort_keys=True)}
    with atomic_path(path) as temporary:
        save_file(half, str(temporary), words)


def is_named() -> bool:
    """Whether the environment names a model instead of the one that ships."""
    return bool(os.environ.get(VARIABLE))


def load_model(spec: str = "auto") -> MotionModel:
    """A motion model, read once a process.

    Args:
        spec: `auto`: the file that `IMPROMPTU_MOTION_MODEL` names, else the one that ships; or a file.

    Raises:
        AssetsMissing: no such file. InvalidInput: it is damaged, or another thing.
    """
    path = Path(os.environ.get(VARIABLE) or SHIPPED) if spec in ("", "auto") else Path(spec)
    if not path.is_file():
        raise AssetsMissing(f"There is no motion model {path}.", "Name a file that `impromptu motion train` wrote.")
    return _load(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _load(path: Path, _changed: int) -> MotionModel:
    from safetensors import SafetensorError, safe_open

    damaged = InvalidInput(f"{path.name} is no motion model.", "Name a file that `impromptu motion train` wrote.")
    try:
        with safe_open(str(path), "pt") as file:
            words = file.metadata() or {}
            form = words.get("format", "")
            if form != FORMAT and form.startswith(KIND):
                raise InvalidInput(
                    f"{path.name} was written by another version of Impromptu.",
                    "Train it again, or name another file.",
                )
            if form != FORMAT:
                raise damaged
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
        config = ModelConfig(**json.loads(words["config"]))
        if not all(bool(torch.isfinite(tensor).all()) for tensor in tensors.values()):
            raise damaged
        spread = tensors.pop(SPREAD)
        model = MotionClip(config, torch.zeros(WIDTH), torch.ones(WIDTH))
        model.load_state_dict(tensors)
        about = json.loads(words["about"])
        _check_about(about, config)
        return MotionModel(model, about, spread, sha256_of(path))
    except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise damaged from error


def _check_about(about: Mapping[str, Any], config: ModelConfig) -> None:
    """Raises ValueError, TypeError or KeyError where the words do not fit the tensors."""
    if not (np.isfinite(float(about["norm"])) and int(about["space"]["dim"]) == config.latent):
        raise ValueError("norm or space")
    if not isinstance(about["space"]["spec"], str) or not isinstance(about["space"]["digests"], dict):
        raise TypeError("space")
    limits = about.get("limits")
    if limits is not None and np.asarray(limits, float).shape != (len(JOINT_NAMES), 3, 2):
        raise ValueError("limits")
