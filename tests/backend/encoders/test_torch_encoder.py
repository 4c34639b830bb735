"""What every encoder of pictures shares: chunks, memory, precision, texts that are kept; held on a tiny one."""

from __future__ import annotations

import weakref

import numpy as np
import pytest
import torch
from impromptu.backend.encoders.base import EncoderOptions
from impromptu.backend.encoders.images import Preprocessing
from impromptu.backend.encoders.torch_encoder import TorchEncoder, too_long
from impromptu.backend.protocol import InvalidInput
from torch import nn
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

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
        given = {t.untyped_storage()._cdata for t in tree_leaves((args, kwargs)) if isinstance(t, torch.Tensor)}
        for tensor in tree_leaves(made):
            storage = tensor.untyped_storage() if isinstance(tensor, torch.Tensor) else None
            if storage is not None and storage._cdata not in given:  # a view of a weight is nothing made
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


def test_gradients_are_those_of_finite_differences():
    encoder = Tiny(EncoderOptions(chunk=1, checkpoint=True))
    encoder.module.double()
    pixels = 0.3 + 0.4 * pictures(2, 4, 4).double()
    wanted = torch.linspace(-1, 1, 8, dtype=torch.float64)
    for tower in (encoder.encode_images, lambda x: encoder.ground(x).mean((2, 3))):
        assert torch.autograd.gradcheck(lambda x, t=tower: t(x) @ wanted, pixels.requires_grad_(), atol=1e-7)


@pytest.mark.parametrize("shape", [(6, 1, 20, 70), (2, 4, 3, 3), (1, 3, 200, 33)])
def test_pictures_of_any_size_and_layers(shape):
    vectors, cells = Tiny().encode_images(torch.rand(shape)), Tiny().ground(torch.rand(shape))
    assert vectors.shape == (shape[0], 8)
    assert cells.shape == (shape[0], 8, 4, 4)
    for found in (vectors, cells):
        assert found.dtype == torch.float32
        assert torch.allclose(found.norm(dim=1), torch.ones(()), atol=1e-5)


def test_texts_are_kept_and_usable_in_training():
    encoder = Tiny()
    with torch.inference_mode():
        encoder.encode_texts(["red", "blue"])
    texts = encoder.encode_texts(["blue", "red", "blue"])
    assert encoder.asked == ["red", "blue"]
    assert not texts.requires_grad
    pixels = pictures(1).requires_grad_()
    (encoder.encode_images(pixels) @ texts.T).sum().backward()
    assert pixels.grad is not None
    assert np.array_equal(encoder.encode(["red"]), texts[1:2].numpy())
    assert np.allclose(texts.norm(dim=1), 1)
    assert encoder.encode([]).shape == (0, 8)
    assert encoder.encode_phrases(["red"]).shape == (1, 8)


@pytest.mark.parametrize(
    ("texts", "said"), [([], "no texts"), ("red", "no texts"), (["red", " "], "empty"), (["x" * 21], "21 tokens")]
)
def test_texts_that_cannot_be_read_are_refused(texts, said):
    for encode in (Tiny().encode_texts, Tiny().encode_phrases):
        with pytest.raises(InvalidInput, match=said):
            encode(texts)


def test_an_encoder_that_does_not_ground_says_so():
    encoder = Tiny()
    encoder.grounds = False
    for ask in (lambda: encoder.ground(pictures()), lambda: encoder.encode_phrases(["red"])):
        with pytest.raises(InvalidInput, match="tiny does not tell where"):
            ask()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"precision": "int8"}, "'int8'"),
        ({"chunk": -1}, "-1 pictures"),
        ({"device": "gpu"}, "no device 'gpu'"),
        ({"device": "cuda:99"}, "no device 'cuda:99'"),
        ({"device": "xpu"}, "no device 'xpu'"),
        ({"device": "cpu:3"}, "no device 'cpu:3'"),
    ],
)
def test_options_that_cannot_be_met_are_refused(options, said):
    with pytest.raises(InvalidInput, match=said):
        Tiny(EncoderOptions(**options))


def test_channels_last_changes_nothing():
    class Last(Tiny):
        channels_last = True

    (plain, slope), (last, same) = gradient(Tiny(), pictures()), gradient(Last(), pictures())
    assert torch.allclose(plain, last, atol=1e-6)
    assert torch.allclose(slope, same, atol=1e-5 * float(slope.abs().max()))
    assert Last().module["trunk"][1][0].weight.is_contiguous(memory_format=torch.channels_last)
