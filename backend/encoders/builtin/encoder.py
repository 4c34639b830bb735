"""The built-in encoders: `body`, which guides, and `judge`, of another trunk and seed, which only judges."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from ...protocol import AssetsMissing, InvalidInput
from ..base import EncoderOptions, digest_files
from ..images import Preprocessing
from ..torch_encoder import TorchEncoder
from . import weights
from .image_tower import MEAN, STD, presence
from .vocabulary import Vocabulary
from .words import MOST, split, word_features

FOLDER = Path(__file__).parents[1] / "data"
NAMES = ("body", "judge")


def builtin_file(name: str) -> Path:
    """Where the weights of a built-in encoder are."""
    return FOLDER / f"{name}.safetensors"


class BuiltinEncoder(TorchEncoder):
    """The Impromptu body encoder: knows dressed people, what they do, and little else. It is not CLIP.

    Args:
        name: of `NAMES`; file: as `weights.save` writes it.
    """

    grounds = True
    channels_last = True

    def __init__(self, name: str, file: Path, options: EncoderOptions) -> None:
        model, words, rows, self.origin = weights.load(file)
        self.name, self.file = name, file
        config = model.config
        preprocessing = Preprocessing(config.size, (MEAN,) * 3, (STD,) * 3, "longest", "bilinear", 1.0)
        super().__init__(model, preprocessing, config.dim, float(model.scale.exp()), options)
        self.cell_scale = float(model.region_scale.exp())
        self._model = model
        self._vocabulary = Vocabulary(words, rows.to(self.device), self._unknown)

    @property
    def digest(self) -> str:
        return digest_files(self.file, salt="built-in")

    def see(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """As `JointEncoder`'s, in one pass."""
        packed = self._through(self._packed_tower, images)
        side = int((packed.shape[2] - 1) ** 0.5)
        return packed[..., -1], packed[..., :-1].unflatten(2, (side, side))

    def _packed_tower(self, prepared: Tensor) -> Tensor:
        """(n, dim, h w + 1): the cells, then the whole."""
        seen = self._model.image(prepared)
        return torch.cat((seen.cells.flatten(2), seen.whole[..., None]), 2)

    def _text_tower(self, texts: list[str]) -> Tensor:
        return self._read(texts)[0]

    def _phrase_tower(self, texts: list[str]) -> Tensor:
        return self._read(texts)[1]

    def _image_tower(self, prepared: Tensor) -> Tensor:
        return self._model.image.whole(prepared)

    def _ground_tower(self, prepared: Tensor) -> Tensor:
        return self._model.image.cells(prepared)

    def _phrase_fit(self, phrases: Tensor, cells: Tensor) -> Tensor:
        odds = self.cell_scale * torch.einsum("kd,nd...->nk...", phrases, cells)
        return presence(odds.flatten(2)) - self._model.usual_fit(phrases)

    def _check_length(self, text: str) -> None:
        count = len(split(text))
        if not count:
            raise InvalidInput(f"There is no word in {text!r}.", "Write what the pictures should show.")
        if count > MOST:
            raise InvalidInput(f"A text has {count} words and marks; this encoder reads {MOST}.", "Shorten it.")

    def _read(self, texts: list[str]) -> tuple[Tensor, Tensor]:
        numbers, there = (t.to(self.device) for t in self._vocabulary.read(texts))
        return self._model.text(self._vocabulary.rows[numbers], there)

    def _unknown(self, words: Sequence[str]) -> Tensor:
        """Vectors of words that no caption had, from MiniLM's features of them."""
        features = torch.from_numpy(word_features(words)).to(self.device)
        with torch.no_grad():
            return self._model.text.project(features.to(next(self._model.parameters()).dtype)).float()


def load_builtin(name: str, options: EncoderOptions) -> BuiltinEncoder:
    """A built-in encoder.

    Raises:
        AssetsMissing: its weights are not here.
    """
    file = builtin_file(name)
    if not file.is_file():
        raise AssetsMissing(f"The weights of the encoder {name} are missing.", "Install Impromptu again.")
    return BuiltinEncoder(name, file, options)
