"""CLIP and SigLIP folders: towers, tokenizer and preprocessing as transformers itself has them."""

from __future__ import annotations

import json
import shutil
import socket
from pathlib import Path

import numpy as np
import pytest
import torch
from impromptu.backend import assets
from impromptu.backend.encoders import factory, load_joint_encoder
from impromptu.backend.encoders.base import EncoderOptions
from impromptu.backend.encoders.folder import FolderEncoder
from impromptu.backend.encoders.torchvision_ops import ensure_torchvision_imports
from impromptu.backend.protocol import InvalidInput
from PIL import Image
from torch.nn.functional import normalize

ensure_torchvision_imports()
import transformers  # noqa: E402
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors  # noqa: E402

TEXTS = ["a red shirt", "Blue jeans, seen from behind"]
WORDS = ["a", "red", "shirt", "blue", "jeans", ",", "seen", "from", "behind", "!"]
TOWER = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
PICTURE = {**TOWER, "image_size": 32, "patch_size": 8}


def clip_folder(folder: Path) -> Path:
    """As openai/clip-vit-base-patch32 is laid out, with words for tokens."""
    text = {
        **TOWER,
        "vocab_size": 20,
        "max_position_embeddings": 8,
        "bos_token_id": 1,
        "eos_token_id": 3,
        "pad_token_id": 3,
    }
    config = transformers.CLIPConfig(text_config=text, vision_config=PICTURE, projection_dim=8)
    torch.manual_seed(0)
    transformers.CLIPModel(config).save_pretrained(folder)
    vocabulary = {word: i for i, word in enumerate(["<unk>", "<s>", "!", "</s>", *WORDS[:-1]])}
    tokens = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokens.normalizer, tokens.pre_tokenizer = normalizers.Lowercase(), pre_tokenizers.Whitespace()
    tokens.post_processor = processors.TemplateProcessing("<s> $A </s>", special_tokens=[("<s>", 1), ("</s>", 3)])
    special = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "</s>", "unk_token": "<unk>"}
    transformers.PreTrainedTokenizerFast(tokenizer_object=tokens, **special).save_pretrained(folder)
    transformers.CLIPImageProcessor(size={"shortest_edge": 32}, crop_size=32).save_pretrained(folder)
    return folder


def siglip_folder(folder: Path) -> Path:
    """As google/siglip-base-patch16-224 is laid out: its tokenizer's class wants sentencepiece, its file does not."""
    text = {**TOWER, "vocab_size": 20, "max_position_embeddings": 8, "projection_size": 16}
    config = transformers.SiglipConfig(text_config=text, vision_config=PICTURE)
    torch.manual_seed(0)
    transformers.SiglipModel(config).save_pretrained(folder)
    pieces = [("<unk>", 0.0), ("</s>", 0.0), *((f"▁{word}", -float(i)) for i, word in enumerate(WORDS, 1))]
    tokens = Tokenizer(models.Unigram(pieces, unk_id=0))
    tokens.normalizer, tokens.pre_tokenizer = normalizers.Lowercase(), pre_tokenizers.Metaspace()
    tokens.decoder = decoders.Metaspace()
    tokens.post_processor = processors.TemplateProcessing("$A </s>", special_tokens=[("</s>", 1)])
    tokens.save(str(folder / "tokenizer.json"))
    special = {"eos_token": "</s>", "pad_token": {"content": "</s>"}, "unk_token": "<unk>"}
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "SiglipTokenizer", **special}))
    transformers.SiglipImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module", params=[clip_folder, siglip_folder], ids=["clip", "siglip"])
def folder(request, tmp_path_factory):
    return request.param(tmp_path_factory.mktemp("model"))


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    monkeypatch.delenv(assets.HUB_SWITCH, raising=False)

    def reach(*args, **kwargs):
        raise AssertionError("the network was tried")

    monkeypatch.setattr(socket.socket, "connect", reach)
    monkeypatch.setattr(socket, "getaddrinfo", reach)
    factory.release()
    yield
    factory.release()


def load(folder: Path, options: EncoderOptions | None = None) -> FolderEncoder:
    return FolderEncoder(folder, "folder", options or EncoderOptions())


def pooled(features) -> torch.Tensor:
    return normalize(features if isinstance(features, torch.Tensor) else features.pooler_output, dim=1)


def test_towers_and_tokenizer_agree_with_transformers(folder):
    encoder = load(folder)
    model = transformers.AutoModel.from_pretrained(folder).eval()
    tokens = transformers.PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"), pad_token="</s>")
    siglip = "Siglip" in type(model).__name__
    given = [text.replace(",", "") for text in TEXTS] if siglip else TEXTS
    read = tokens(given, padding="max_length", max_length=8, return_tensors="pt")
    mask = {} if siglip else {"attention_mask": read["attention_mask"]}
    pixels = torch.rand(2, 3, 40, 50)
    with torch.no_grad():
        texts = pooled(model.get_text_features(input_ids=read["input_ids"], **mask))
        images = pooled(model.get_image_features(pixel_values=encoder.preprocessing(pixels)))
    assert (encoder.encode_texts(TEXTS) - texts).abs().max() < 1e-5
    assert (encoder.encode_images(pixels) - images).abs().max() < 1e-5
    assert encoder.dim == texts.shape[1]
    assert encoder.scale == pytest.approx(float(model.logit_scale.detach().exp()))
    assert (texts[0] - texts[1]).abs().max() > 1e-3


def test_preprocessing_agrees_with_transformers(folder):
    encoder = load(folder)
    kind = transformers.SiglipImageProcessor if "siglip" in (folder / "config.json").read_text() else None
    processor = (kind or transformers.CLIPImageProcessor).from_pretrained(folder)
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    mine = encoder.preprocessing(torch.from_numpy(pixels).permute(2, 0, 1)[None] / 255)
    theirs = processor(images=Image.fromarray(pixels), return_tensors="pt")["pixel_values"]
    assert (mine - theirs).abs().max() < 1e-5
    assert encoder.preprocessing.mode == ("squash" if kind else "shortest")
    soft = np.array(Image.fromarray(pixels).resize((64, 50), Image.Resampling.BICUBIC))
    mine = encoder.preprocessing(torch.from_numpy(soft).permute(2, 0, 1)[None] / 255)
    theirs = processor(images=Image.fromarray(soft), return_tensors="pt")["pixel_values"]
    assert (mine - theirs).abs().max() * 0.28 * 255 < 2.1  # whole levels there


def test_a_text_that_is_too_long_is_refused(folder):
    encoder = load(folder)
    with pytest.raises(InvalidInput, match="reads 8"):
        encoder.encode_texts([" ".join(["red"] * 8)])
    assert encoder.encode([" ".join(["red"] * 8)]).shape == (1, encoder.dim)


def test_gradients_reach_the_pixels_in_less_precision_too(folder):
    for precision in ("float32", "bfloat16"):
        pixels = torch.rand(2, 4, 40, 30, requires_grad=True)
        encoder = load(folder, EncoderOptions(precision=precision, chunk=1, checkpoint=True))
        encoder.encode_images(pixels)[:, 0].sum().backward()
        assert pixels.grad is not None
        assert (pixels.grad.abs().amax((1, 2, 3)) > 0).all()


def test_the_factory_takes_a_folder(folder, monkeypatch):
    encoder = load_joint_encoder(str(folder))
    assert isinstance(encoder, FolderEncoder)
    monkeypatch.setenv("IMPROMPTU_CLIP", str(folder))
    assert load_joint_encoder("clip").digest == encoder.digest


def damage(folder: Path, kind: str) -> None:
    config = json.loads((folder / "config.json").read_text())
    weights = folder / "model.safetensors"
    if kind == "pickles":
        torch.save({}, folder / "pytorch_model.bin")
        weights.unlink()
    elif kind == "cut":
        weights.write_bytes(weights.read_bytes()[:2000])
    elif kind == "layers":
        config["text_config"]["num_hidden_layers"] = 3
    elif kind == "type":
        config["model_type"] = "bert"
    elif kind == "tokenizer":
        (folder / "tokenizer.json").write_text("{}")
    elif kind == "crop":
        said = json.loads((folder / "preprocessor_config.json").read_text())
        (folder / "preprocessor_config.json").write_text(json.dumps({**said, "size": {"shortest_edge": 40}}))
    (folder / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("pickles", "can run code"),
        ("cut", "that can be read"),
        ("layers", "not those of its config.json"),
        ("type", "'bert'"),
        ("tokenizer", "tokenizer"),
        ("crop", "resized in a way"),
    ],
)
def test_what_does_not_fit_is_refused(folder, tmp_path, kind, said):
    shutil.copytree(folder, tmp_path / "copy")
    damage(tmp_path / "copy", kind)
    with pytest.raises(InvalidInput, match=said):
        load(tmp_path / "copy")
