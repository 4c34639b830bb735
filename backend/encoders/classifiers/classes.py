"""A classifier as an encoder of texts and pictures: a picture's vector is what its last layer reads, a text's is the
row of that layer for the class that the text names.

The cosine of the two orders pictures as the class's logit does, up to the length of the picture's vector.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from ...protocol import InvalidInput
from ..base import EncoderOptions
from ..images import Preprocessing
from ..torch_encoder import TorchEncoder

LONGEST = 5
"""Words of a class's name that are looked for together."""
NOTHING = 1e-4
_PASSED_OVER = frozenset({"a", "an", "the", "of", "with", "in", "on", "who", "photo", "close-up", "face"})


class NoSuchClass(InvalidInput):
    """A text names none of the classes."""


class Classes:
    """Finds the classes that a text names.

    The longest run of words that begins or ends a class's name decides; of several such one that is a whole name,
    else the one that the fewest classes have: "a photo of a corgi dog" names the two corgis, not the dogs.

    Args:
        names: c of them.
        groups: what stands for many classes, by their numbers: `dog` for all breeds. A group counts as named only
            where nothing else of the same length is.
    """

    def __init__(self, names: Sequence[str], groups: Mapping[str, Sequence[int]]) -> None:
        self.names = tuple(names)
        self._groups = {_words(name): tuple(numbers) for name, numbers in groups.items()}
        self._whole = {_words(name): (number,) for number, name in enumerate(names)}
        self._of: dict[tuple[str, ...], set[int]] = {}
        for number, name in enumerate(names):
            words = _words(name)
            for size in range(1, min(len(words), LONGEST) + 1):
                for run in (words[:size], words[-size:]):
                    self._of.setdefault(run, set()).add(number)

    def named(self, text: str) -> tuple[int, ...]:
        """Numbers of the classes, rising; none where the text names no class."""
        words = _words(text)
        for size in range(min(len(words), LONGEST), 0, -1):
            runs = [words[i : i + size] for i in range(len(words) - size + 1)]
            runs = [run for run in runs if not set(run) <= _PASSED_OVER]
            found = [tuple(sorted(self._of[run])) for run in runs if run in self._of and run not in self._groups]
            found = [self._whole[run] for run in runs if run in self._whole] or found
            if found:
                return min(found, key=lambda numbers: (len(numbers), numbers))
            for run in runs:
                if run in self._groups:
                    return self._groups[run]
        return ()


def _words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"[a-z][a-z'-]*", text.lower()))


class ClassifierEncoder(TorchEncoder):
    """A classifier's last two layers as a space of texts and pictures.

    Args:
        name: of the encoder.
        module: holds all weights.
        rows: (c, dim) of the last layer. Their mean is taken away, which no choice among classes notices.
        classes: finds them in texts.
        scale: usual length of a picture's vector times that of a row, which turns a cosine back into a logit.
    """

    grounds = False

    def __init__(
        self, name: str, module: nn.Module, rows: Tensor, classes: Classes, scale: float,
        preprocessing: Preprocessing, options: EncoderOptions,
    ) -> None:  # fmt: skip
        self.name, self.classes = name, classes
        self._rows = rows - rows.mean(0)
        super().__init__(module, preprocessing, rows.shape[1], scale, options)

    @abstractmethod
    def _image_tower(self, prepared: Tensor) -> Tensor:
        """(n, 3, size, size) -> (n, dim) what the last layer reads."""

    def _text_tower(self, texts: list[str]) -> Tensor:
        found = torch.stack([self._rows[list(self._numbers(text))].mean(0) for text in texts])
        # All classes together say nothing: what rounding leaves of their mean is no direction.
        return torch.where(found.norm(dim=1, keepdim=True) > NOTHING, found, 0.0)

    def _check_length(self, text: str) -> None:
        self._numbers(text)

    def _numbers(self, text: str) -> tuple[int, ...]:
        found = self.classes.named(text)
        if not found:
            raise NoSuchClass(
                f"The encoder {self.name} has no class that {text!r} names.",
                f"It knows {', '.join(self.classes.names[:3])} and {len(self.classes.names) - 3} others.",
            )
        return found
