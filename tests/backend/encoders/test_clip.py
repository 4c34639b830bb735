"""open_clip's models: both towers and the tokenizer as open_clip itself has them, nothing downloaded unasked."""

from __future__ import annotations

import copy
import json
import pickle
import socket
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from impromptu.backend import assets
from impromptu.backend.encoders import factory, load_joint_encoder
from impromptu.backend.encoders.base import EncoderOptions
from impromptu.backend.encoders.clip import OpenClipEncoder
from impromptu.backend.encoders.torchscript import is_torchscript, read_tensors
from impromptu.backend.encoders.torchvision_ops import ensure_torchvision_imports
from impromptu.backend.protocol import AssetsMissing, InvalidInput
from torch.nn.functional import normalize

ensure_torchvision_imports()
import open_clip  # noqa: E402

TEXTS = ["a red shirt", "blue jeans, seen from behind", "Käse & 123!"]
TINY = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 32, "head_width": 16, "patch_size": 8},
    "text_cfg": {"context_length": 20, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2},
}
PUBLISHED = {"mean": (0.5, 0.5, 0.5), "std": (0.4, 0.4, 0.4), "interpolation": "bilinear", "resize_mode": "squash"}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A tiny architecture that open_clip knows, two published weights of it, and a checkpoint."""
    folder = tmp_path_factory.mktemp("clip")
    (folder / "impromptu-tiny.json").write_text(json.dumps(TINY))
    open_clip.add_model_config(folder / "impromptu-tiny.json")
    published = {
        "openai": {**PUBLISHED, "url": "", "hf_hub": "nobody/nothing/", "quick_gelu": True},
        "other": {**PUBLISHED, "resize_mode": "longest", "hf_hub": "nobody/other/"},
        "third": {**PUBLISHED, "hf_hub": "nobody/third/"},
    }
    open_clip.pretrained._PRETRAINED["impromptu-tiny"] = published
    torch.manual_seed(0)
    model = open_clip.create_model("impromptu-tiny", force_preprocess_cfg=PUBLISHED).eval()
    torch.nn.init.normal_(model.token_embedding.weight, std=0.5)
    torch.save(model.state_dict(), folder / "tiny.pt")
    yield model, folder / "tiny.pt"
    del open_clip.pretrained._PRETRAINED["impromptu-tiny"]


@pytest.fixture(autouse=True)
def nothing_else_here(monkeypatch, tmp_path):
    """No CLIP of the user's, no loaded one."""
    for variable in (assets.HUB_SWITCH, "IMPROMPTU_CLIP", "IMPROMPTU_CLIP_MODEL"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("IMPROMPTU_CACHE", str(tmp_path / "cache"))
    factory.release()
    yield
    factory.release()


@pytest.fixture
def offline(monkeypatch):
    """Whoever tries to reach the network fails the test."""

    def reach(*args, **kwargs):
        raise AssertionError("the network was tried")

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, reach)
    monkeypatch.setattr(socket, "getaddrinfo", reach)


def pictures(count: int = 2, side: int = 40) -> torch.Tensor:
    return torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(1))


def agree(encoder: OpenClipEncoder, model, name: str) -> None:
    """Towers and tokenizer against open_clip's own."""
    prepared = encoder.preprocessing(pictures())
    with torch.no_grad():
        texts = normalize(model.encode_text(open_clip.get_tokenizer(name)(TEXTS)), dim=1)
        images = normalize(model.encode_image(prepared), dim=1)
    assert (encoder.encode_texts(TEXTS) - texts).abs().max() < 1e-5
    assert np.abs(encoder.encode(TEXTS) - texts.numpy()).max() < 1e-5
    assert (encoder.encode_images(pictures()) - images).abs().max() < 1e-5
    assert encoder.dim == texts.shape[1]
    assert encoder.scale == pytest.approx(float(model.logit_scale.detach().exp()))


def test_vit_b_32_by_path(tmp_path):
    torch.manual_seed(0)
    model = open_clip.create_model("ViT-B-32").eval()
    half = {key: value.half() for key, value in model.state_dict().items()}
    model.load_state_dict(half)
    torch.save(half, tmp_path / "b32.pt")
    try:
        encoder = load_joint_encoder(f"open_clip:ViT-B-32:{tmp_path / 'b32.pt'}")
    finally:
        (tmp_path / "b32.pt").unlink()
    assert isinstance(encoder, OpenClipEncoder)
    agree(encoder, model, "ViT-B-32")
    assert (encoder.dim, encoder.picture_size, encoder.grounds) == (512, 224, False)
    from open_clip.transform import PreprocessCfg, image_transform_v2
    from torchvision.transforms.functional import to_pil_image

    own = image_transform_v2(PreprocessCfg(**model.visual.preprocess_cfg), is_train=False)

    bytes_ = (pictures(1, 224) * 255).round() / 255
    assert (encoder.preprocessing(bytes_)[0] - own(to_pil_image(bytes_[0]))).abs().max() < 1e-6


def test_tiny_by_path(tiny):
    model, file = tiny
    encoder = OpenClipEncoder("impromptu-tiny", file)
    agree(encoder, model, "impromptu-tiny")
    assert len(encoder.digest) == 64
    assert encoder.digest != OpenClipEncoder("impromptu-tiny", file, "other").digest


def test_a_file_gets_the_preprocessing_of_most_published_weights(tiny):
    encoder = OpenClipEncoder("impromptu-tiny", tiny[1])
    wanted = (32, (0.5,) * 3, (0.4,) * 3, "squash", "bilinear")
    got = encoder.preprocessing
    assert (got.size, got.mean, got.std, got.mode, got.interpolation) == wanted
    assert OpenClipEncoder("impromptu-tiny", tiny[1], "other").preprocessing.mode == "longest"
    assert load_joint_encoder(f"open_clip:impromptu-tiny:other:{tiny[1]}").preprocessing.mode == "longest"  # type: ignore[attr-defined]


def test_weights_trained_with_quick_gelu_get_it(tiny):
    """open_clip itself only warns, and computes with the other activation."""
    quick = open_clip.create_model("impromptu-tiny", str(tiny[1]), force_quick_gelu=True).eval()
    agree(OpenClipEncoder("impromptu-tiny", tiny[1], "openai"), quick, "impromptu-tiny")
    plain = OpenClipEncoder("impromptu-tiny", tiny[1])
    theirs = normalize(quick.encode_image(plain.preprocessing(pictures())), dim=1)
    assert (plain.encode_images(pictures()) - theirs).abs().max() > 1e-4


@pytest.mark.filterwarnings("ignore")
def test_an_archive_of_torchscript_is_read_and_not_run(tiny, tmp_path):
    model, _ = tiny
    sample = {"encode_image": pictures(1, 32), "encode_text": torch.zeros(1, 20, dtype=torch.long)}
    published = copy.deepcopy(model)
    published.register_buffer("input_resolution", torch.tensor(32))
    torch.jit.trace_module(published, sample, check_trace=False).save(str(tmp_path / "openai.pt"))
    assert is_torchscript(tmp_path / "openai.pt")
    assert not is_torchscript(tiny[1])
    read = read_tensors(tmp_path / "openai.pt")
    assert all(torch.equal(read[key], value) for key, value in model.state_dict().items())
    quick = open_clip.create_model("impromptu-tiny", str(tiny[1]), force_quick_gelu=True).eval()
    agree(OpenClipEncoder("impromptu-tiny", tmp_path / "openai.pt"), quick, "impromptu-tiny")


class Listed(torch.nn.Module):
    """Attributes that are lists and dictionaries, whose types TorchScript writes beside them."""

    def __init__(self) -> None:
        super().__init__()
        self.names, self.sizes = ["a"], {"b": 2}
        self.inner = torch.nn.Linear(3, 2).half()

    def forward(self, x):
        return self.inner(x)


@pytest.mark.filterwarnings("ignore")
def test_lists_in_an_archive_are_passed_over(tmp_path):
    torch.jit.script(Listed()).save(str(tmp_path / "listed.pt"))
    read = read_tensors(tmp_path / "listed.pt")
    assert sorted(read) == ["inner.bias", "inner.weight"]
    assert (read["inner.weight"].dtype, read["inner.weight"].shape) == (torch.float16, (2, 3))


class Bad:
    def __reduce__(self):
        return print, ("ran",)


def test_an_archive_that_wants_to_run_something_is_refused(tmp_path, capsys):
    with zipfile.ZipFile(tmp_path / "bad.pt", "w") as archive:
        archive.writestr("bad/code/__torch__.py", "")
        archive.writestr("bad/data.pkl", pickle.dumps(Bad(), protocol=2))
    assert is_torchscript(tmp_path / "bad.pt")
    with pytest.raises(InvalidInput, match="print"):
        read_tensors(tmp_path / "bad.pt")
    torch.save({"x": Bad()}, tmp_path / "pickle.pt")
    with pytest.raises(InvalidInput, match="not a checkpoint"):
        OpenClipEncoder("ViT-S-32-alt", tmp_path / "pickle.pt")
    assert "ran" not in capsys.readouterr().out


def test_a_text_that_is_too_long_is_refused_for_guiding_and_cut_for_ranking(tiny):
    encoder = OpenClipEncoder("impromptu-tiny", tiny[1])
    fits, long = " ".join(["walk"] * 18), " ".join(["walk"] * 19)
    encoder.encode_texts([fits])
    with pytest.raises(InvalidInput, match="21 tokens, and this encoder reads 20"):
        encoder.encode_texts([fits, long])
    cut = normalize(tiny[0].encode_text(open_clip.get_tokenizer("impromptu-tiny")([long])), dim=1).detach()
    assert np.abs(encoder.encode([long]) - cut.numpy()).max() < 1e-5
    with pytest.raises(InvalidInput, match="21 tokens"):
        encoder.encode_texts([long])  # although its cut vector is kept


def test_gradients_are_those_of_finite_differences(tiny):
    encoder = OpenClipEncoder("impromptu-tiny", tiny[1])
    encoder.module.double()
    generator = torch.Generator().manual_seed(2)
    pixels = 0.3 + 0.4 * torch.rand(1, 4, 5, 7, generator=generator, dtype=torch.float64)
    wanted = torch.randn(16, generator=generator, dtype=torch.float64)
    assert torch.autograd.gradcheck(
        lambda x: encoder.encode_images(x) @ wanted, pixels.requires_grad_(), eps=1e-6, atol=1e-7, rtol=1e-4
    )


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_less_precision(tiny, precision):
    full = OpenClipEncoder("impromptu-tiny", tiny[1])
    less = OpenClipEncoder("impromptu-tiny", tiny[1], options=EncoderOptions(precision=precision))
    assert less.module.visual.transformer.resblocks[0].mlp.c_fc.weight.dtype == getattr(torch, precision)
    assert less.module.visual.ln_pre.weight.dtype == torch.float32
    for mine, theirs in (
        (less.encode_images(pictures()), full.encode_images(pictures())),
        (less.encode_texts(TEXTS), full.encode_texts(TEXTS)),
    ):
        assert mine.dtype == torch.float32
        assert (mine * theirs).sum(1).min() > 0.999
        assert not torch.equal(mine, theirs)
    for loss in (1.0, 1e-7):  # the second would vanish in float16
        slopes = []
        for encoder in (full, less):
            pixels = pictures().requires_grad_()
            (encoder.encode_images(pixels) * loss)[:, ::3].sum().backward()
            assert pixels.grad is not None
            slopes.append(pixels.grad.flatten() / loss)
        assert torch.cosine_similarity(*slopes, dim=0) > 0.99
        assert float(slopes[0].norm()) == pytest.approx(float(slopes[1].norm()), rel=0.02)


def test_nothing_is_downloaded_unasked(offline, tiny):
    for spec in ("clip", "open_clip:ViT-B-32", "open_clip:ViT-B-32:laion2b_s34b_b79k"):
        with pytest.raises(AssetsMissing, match="No CLIP weights"):
            load_joint_encoder(spec)
    with pytest.raises(AssetsMissing, match="tokenizer"):
        load_joint_encoder(f"open_clip:ViT-B-16-SigLIP:{tiny[1]}")
    with pytest.raises(AssetsMissing, match="text tower"):
        load_joint_encoder(f"open_clip:roberta-ViT-B-32:{tiny[1]}")


def test_siglip_by_path_is_squashed_and_not_cropped():
    from impromptu.backend.encoders import clip

    wanted = clip._settings("ViT-B-16-SigLIP", None)["force_preprocess_cfg"]
    assert (wanted["resize_mode"], wanted["mean"]) == ("squash", (0.5, 0.5, 0.5))


def test_what_is_not_there_is_named(tiny, tmp_path):
    with pytest.raises(InvalidInput, match="no architecture 'ViT-X'"):
        load_joint_encoder(f"open_clip:ViT-X:{tiny[1]}")
    with pytest.raises(AssetsMissing, match=r"no file .*gone\.pt"):
        load_joint_encoder(f"open_clip:ViT-B-32:{tmp_path / 'gone.pt'}")
    with pytest.raises(InvalidInput, match=r"tiny\.pt is not a checkpoint of ViT-S-32-alt"):
        load_joint_encoder(f"open_clip:ViT-S-32-alt:{tiny[1]}")
    with pytest.raises(InvalidInput, match=r"tiny\.pt does not say"):
        load_joint_encoder(str(tiny[1]))
    with pytest.raises(InvalidInput, match="'nonesuch'"):
        load_joint_encoder("nonesuch")


def test_the_environment_names_it(tiny, monkeypatch):
    monkeypatch.setenv("IMPROMPTU_CLIP", str(tiny[1]))
    monkeypatch.setenv("IMPROMPTU_CLIP_MODEL", "impromptu-tiny")
    encoder = load_joint_encoder()
    assert isinstance(encoder, OpenClipEncoder)
    assert encoder.checkpoint == Path(tiny[1])
    assert load_joint_encoder("clip") is encoder
    assert factory.load_encoder("clip") is encoder
    assert set(factory.release()) == {"clip"}
    assert load_joint_encoder() is not encoder
