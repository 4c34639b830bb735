"""What encoders of texts and pictures share: preprocessing, chunks, precision, memory, texts that are kept."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from .. import assets
from ..protocol import InvalidInput
from .base import EncoderOptions
from .gradients import Again, with_loud_gradients
from .images import Preprocessing, check_pictures
from .options import pick, place
from .text_cache import TextCache


class TorchEncoder(ABC):
    """A `JointEncoder` whose towers are torch modules: a subclass says how they are called.

    Args:
        module: all weights; frozen and moved to the device here.
        preprocessing: what the image tower wants.
        dim: length of an embedding.
        scale: what training multiplied cosines by.
        options: where and how.
    """

    name: str
    kind = "vision-language"
    grounds = False
    cell_scale = 0.0
    channels_last = False
    """Whether the pictures' layers lie beside each other in memory: faster for convolutions on a CPU."""
    texts_at_once = 1
    """Texts that go through their tower together. One: a text's vector then depends on no other, to the last bit."""
    keeps_texts_on_disk = False
    """Whether a text takes so long that its vector is worth a file."""

    def __init__(
        self, module: nn.Module, preprocessing: Preprocessing, dim: int, scale: float, options: EncoderOptions
    ) -> None:
        self.options, self.preprocessing, self.dim, self.scale = options, preprocessing, dim, scale
        self.picture_size = preprocessing.size
        self.device, self._dtype = pick(options)
        self.module = place(module, self.device, self._dtype)
        if self.channels_last:
            self.module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._texts = TextCache(self._unit_texts, self._file if self.keeps_texts_on_disk else None)
        self._phrases = TextCache(self._unit_phrases)

    @property
    @abstractmethod
    def digest(self) -> str:
        """sha256 of weights and configuration."""

    @abstractmethod
    def _text_tower(self, texts: list[str]) -> Tensor:
        """(n, dim), of any length; a text that is too long is cut."""

    @abstractmethod
    def _image_tower(self, prepared: Tensor) -> Tensor:
        """(n, 3, size, size) -> (n, dim), of any length."""

    @abstractmethod
    def _check_length(self, text: str) -> None:
        """Raises InvalidInput (`too_long` makes it) where the tower would not read all of a text."""

    def _phrase_tower(self, texts: list[str]) -> Tensor:
        """(n, dim_g), of any length, where the encoder grounds."""
        raise NotImplementedError

    def _ground_tower(self, prepared: Tensor) -> Tensor:
        """(n, 3, size, size) -> (n, dim_g, h, w), of any length, where the encoder grounds."""
        raise NotImplementedError

    def _phrase_fit(self, phrases: Tensor, cells: Tensor) -> Tensor:
        """(n, k) `phrase_fit` of vectors (k, dim_g) and (n, dim_g, h, w), where the encoder grounds."""
        raise NotImplementedError

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """As `TextEncoder`'s. Labels of a library are not refused: what is too long is read up to the limit."""
        return self._texts.vectors(texts).numpy() if len(texts) else np.empty((0, self.dim), np.float32)

    def encode_texts(self, texts: Sequence[str]) -> Tensor:
        """As `JointEncoder`'s."""
        self._check_texts(texts)
        return self._texts.vectors(texts).to(self.device)

    def encode_images(self, images: Tensor) -> Tensor:
        """As `JointEncoder`'s."""
        return self._through(self._image_tower, images)

    def encode_phrases(self, texts: Sequence[str]) -> Tensor:
        """As `JointEncoder`'s."""
        self._check_grounds()
        self._check_texts(texts)
        return self._phrases.vectors(texts).to(self.device)

    def ground(self, images: Tensor) -> Tensor:
        """As `JointEncoder`'s."""
        self._check_grounds()
        return self._through(self._ground_tower, images)

    def phrase_fit(self, texts: Sequence[str], cells: Tensor) -> Tensor:
        """As `JointEncoder`'s."""
        return self._phrase_fit(self.encode_phrases(texts), cells.to(self.device))

    def see(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """As `JointEncoder`'s."""
        return self.encode_images(images), self.ground(images)

    def _through(self, tower: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
        """(n, C, H, W) pictures in [0, 1] -> unit vectors along dimension 1, a chunk at a time."""
        check_pictures(images)

        def compute(chunk: Tensor) -> Tensor:
            prepared = self.preprocessing(chunk.to(self.device))
            if self.channels_last:
                prepared = prepared.contiguous(memory_format=torch.channels_last)
            if self._dtype == torch.float16 and prepared.requires_grad:
                return with_loud_gradients(lambda given: self._unit(tower, given), prepared)
            return self._unit(tower, prepared)

        again = self.options.checkpoint and torch.is_grad_enabled() and images.requires_grad
        rows = [
            Again.apply(compute, chunk) if again else compute(chunk)
            for chunk in images.split(self.options.chunk or len(images))
        ]
        return torch.cat(rows)  # type: ignore[arg-type]

    def _unit(self, tower: Callable[..., Tensor], given: Tensor | list[str]) -> Tensor:
        """Unit vectors along dimension 1 of what a tower says, float32 (float64 of a tower in float64)."""
        with torch.autocast(self.device.type, self._dtype, enabled=self._dtype != torch.float32):
            vectors = tower(given)
        return functional.normalize(vectors if vectors.dtype == torch.float64 else vectors.float(), dim=1)

    def _unit_texts(self, texts: list[str]) -> Tensor:
        return self._in_batches(self._text_tower, texts)

    def _unit_phrases(self, texts: list[str]) -> Tensor:
        return self._in_batches(self._phrase_tower, texts)

    def _in_batches(self, tower: Callable[[list[str]], Tensor], texts: list[str]) -> Tensor:
        """(n, d) float32; plain tensors without gradient, whatever mode the caller is in."""
        with torch.inference_mode(False), torch.no_grad():
            step = self.texts_at_once
            return torch.cat([self._unit(tower, texts[i : i + step]).float() for i in range(0, len(texts), step)])

    def _check_texts(self, texts: Sequence[str]) -> None:
        if isinstance(texts, str) or not texts:
            raise InvalidInput("There are no texts to encode.", "Give a list of at least one.")
        for text in texts:
            if not text.strip():
                raise InvalidInput("A text is empty.", "Write what the pictures should show.")
            self._check_length(text)

    def _check_grounds(self) -> None:
        if not self.grounds:
            raise InvalidInput(
                f"The encoder {self.name} does not tell where in a picture things are.", "Use the encoder body."
            )

    def _file(self) -> Path:
        name = f"{self.digest[:32]}-{self.options.precision}.npz"
        return assets.cache_path() / "texts" / name


def too_long(text: str, count: int, most: int) -> InvalidInput:
    """The error for a text of more tokens than a tower reads."""
    beginning = text if len(text) <= 40 else f"{text[:40]} ..."
    return InvalidInput(
        f"{beginning!r} has {count} tokens, and this encoder reads {most}.",
        "Shorten it, or make several prompts of it.",
    )
