"""What every encoder of pictures shares: chunks, memory, precision, texts that are kept; held on a tiny one."""

from __future__ import annotations

import weakref

import pytest
import torch
from impromptu.backend.encoders.base import EncoderOptions
from impromptu.backend.encoders.images import Preprocessing
from impromptu.backend.encoders.torch_encoder import TorchEncoder, too_long
from torch import nn
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode

HALF = (0.5, 0.5, 0.5)


class Tiny(TorchEncoder):
    """A few convolutions and sums of letters; it counts the texts that reach its tower."""

    name = "tiny"
    grounds = True

    def __init__(self, options: EncoderOptions | None = None) -> None:
        torch.manual_seed(0)
        trunk = nn.Sequential(*[nn.Sequential(nn.Conv2d(c, 8, 3, 2, 1), nn.GELU()) for c in (3, 8, 8)])
        letters = nn.Embedding(256, 8)
        super().__init__(
            nn.ModuleDict({"trunk": trunk, "letters": letters}),
            Preprocessing(32, HALF, HALF),
            8,
            10.0,
            options or EncoderOptions(),
        )
        self.asked: list[str] = []

    @property
    def digest(self) -> str:
        return "0" * 64

    def _text_tower(self, texts):
        self.asked += texts
        return torch.stack([self.module["letters"](torch.tensor(list(t.encode()))).sum(0) for t in texts])

    def _image_tower(self, prepared):
        return self.module["trunk"](prepared).mean((2, 3))

    def _phrase_tower(self, texts):
        return self._text_tower(texts)

    def _ground_tower(self, prepared):
        return self.module["trunk"](prepared)

    def _check_length(self, text):
        if len(text) > 20:
            raise too_long(text, len(text), 20)


class LiveBytes(TorchDispatchMode):
    """The most bytes of tensors made under it that were alive at once, whoever held them."""

    def __init__(self) -> None:
        super().__init__()
        self.live: dict[int, tuple[StorageWeakRef, int]] = {}
        self.peak = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        made = func(*args, **(kwargs or {}))
        self.live = {k: v for k, v in self.live.items() if not v[0].expired()}
        for tensor in made if isinstance(made, tuple | list) else (made,):
            if isinstance(tensor, torch.Tensor):
                storage = tensor.untyped_storage()
                self.live[storage._cdata] = StorageWeakRef(storage), storage.nbytes()
        self.peak = max(self.peak, sum(size for _, size in self.live.values()))
        return made


def pictures(count: int = 6, layers: int = 3, side: int = 48) -> torch.Tensor:
    return torch.rand(count, layers, side, side, generator=torch.Generator().manual_seed(1))


def gradient(encoder: TorchEncoder, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    images = images.clone().requires_grad_()
    vectors = encoder.encode_images(images)
    (vectors * torch.arange(8.0)).sum().backward()
    assert images.grad is not None
    return vectors.detach(), images.grad


@pytest.mark.parametrize("options", [EncoderOptions(chunk=4), EncoderOptions(chunk=1, checkpoint=True),
                                     EncoderOptions(checkpoint=True)], ids=str)  # fmt: skip
def test_chunks_and_checkpoints_change_nothing(options):
    whole, slope = gradient(Tiny(), pictures())
    parts, same = gradient(Tiny(options), pictures())
    assert torch.allclose(whole, parts, atol=1e-6)
    assert slope.abs().max() > 1e-4
    assert torch.allclose(slope, same, atol=1e-5 * float(slope.abs().max()))


def peak(options: EncoderOptions, count: int) -> int:
    encoder, images = Tiny(options), pictures(count, side=16).requires_grad_()
    with LiveBytes() as bytes_:
        encoder.encode_images(images).sum().backward()
    return bytes_.peak - images.nbytes  # the gradient's own


def test_checkpointed_memory_is_that_of_one_chunk():
    plain = EncoderOptions(), EncoderOptions(chunk=2)
    assert min(peak(options, 16) for options in plain) > 3.5 * peak(plain[0], 4)
    bounded = EncoderOptions(chunk=2, checkpoint=True)
    assert peak(bounded, 2) <= peak(plain[0], 2) * 1.5
    # Beyond one chunk only gradients of the pictures themselves, twice while they are joined.
    assert peak(bounded, 16) < peak(bounded, 2) + 2 * pictures(16, side=16).nbytes
    assert peak(bounded, 16) < peak(plain[0], 16) / 2


def test_nothing_is_kept_without_a_gradient():
    encoder = Tiny(EncoderOptions(chunk=2))
    assert not encoder.encode_images(pictures()).requires_grad
    held = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: held.append(weakref.ref(t)) or t, lambda t: t):
        encoder.encode_images(pictures())
    assert held == []
