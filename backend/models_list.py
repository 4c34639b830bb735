"""Every model file that Impromptu knows, and where it comes from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from . import assets
from .model import CLIP_SHA256, Model
from .protocol import InvalidInput
from .remote import HUB, Remote

MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_OPENAI = "https://openaipublic.azureedge.net/clip/models"
_MPI = "Max Planck Society, non-commercial"
_TOKENIZER = ("config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")
_SENTENCE = (
    *_TOKENIZER, "vocab.txt", "modules.json", "sentence_bert_config.json", "config_sentence_transformers.json",
    "1_Pooling/config.json",
)  # fmt: skip
_SIGLIP = (*_TOKENIZER, "preprocessor_config.json")


def _default(spec: str) -> Callable[[], Path | None]:
    """Finds the file of a morphable model that ships, by the spec that loads it."""

    def find() -> Path | None:
        from .body.layout import DEFAULT_FILE, DOG_FILE, HEAD_FILE

        path = {"neutral": DEFAULT_FILE, "head": HEAD_FILE, "dog": DOG_FILE}[spec]
        return path if path.is_file() else None

    return find


def _default_library() -> Path | None:
    from .motion.library import DEFAULT

    return DEFAULT if DEFAULT.exists() else None


def _mpnet() -> Path | None:
    """The unpacked folder, or the first of its packages, which the first use unpacks."""
    unpacked = assets.cache_path() / assets.MPNET_NAME
    if (unpacked / "model.safetensors").is_file():
        return unpacked
    parts = assets.mpnet_parts()
    return parts[0].parent if parts else None


def _encoder(key: str) -> Callable[[], Path | None]:
    """Finds the weights of a built-in encoder."""
    path = Path(__file__).parent / "encoders" / "data" / f"{key}.safetensors"
    return lambda: path if path.is_file() else None


def _body(name: str, title: str, site: str, *kinds: str) -> Model:
    variable = f"IMPROMPTU_{name.upper().replace('-', '')}"
    how = (
        f"Its licence asks each user to register: do so at https://{site}, download the model, and name its .npz or "
        f".pkl file in {variable}."
    )
    return Model(name, title, _MPI, how, variable, kinds=kinds, source=f"https://{site}")


def _hub(
    name: str, what: str, licence: str, repository: str, revision: str, size: int, sha256: str = "", how: str = "",
    variable: str = "", weights: str = "open_clip_model.safetensors", small: tuple[str, ...] = (),
    architecture: str | None = None, find: Callable[[], Path | None] | None = None,
) -> Model:  # fmt: skip
    """A model of the hub, at one of its commits.

    Args:
        size: bytes of the weights: exactly, where `sha256` is given, else about.
        small: the files beside the weights.
    """
    at = f"{HUB}/{repository}/resolve/{revision}"
    files = (Remote(f"{at}/{weights}", weights, sha256, size), *(Remote(f"{at}/{file}", file) for file in small))
    return Model(
        name, what, licence, how or f"Run impromptu models fetch {name}.", variable, weights=weights, sha256=sha256,
        find=find, files=files, source=f"{HUB}/{repository}", architecture=architecture,
    )  # fmt: skip


def _openai(name: str, what: str, architecture: str, size: int, how: str = "", variable: str = "") -> Model:
    """One of OpenAI's own checkpoints; the sum is a part of its address."""
    file = f"{architecture}.pt"
    remote = Remote(f"{_OPENAI}/{CLIP_SHA256[file]}/{file}", file, CLIP_SHA256[file], size)
    return Model(
        name, what, "MIT", how or f"Run impromptu models fetch {name}.", variable, weights=file,
        sha256=CLIP_SHA256[file], files=(remote,), source="https://github.com/openai/CLIP", architecture=architecture,
    )  # fmt: skip


MODELS = (
    Model("body", "default body: neutral, male, female", "CC0-1.0", "It comes with Impromptu: install it again.",
          ships=True, kinds=("impromptu",), find=_default("neutral")),
    Model("head", "default head: shapes and expressions", "CC0-1.0", "It comes with Impromptu: install it again.",
          ships=True, kinds=("impromptu_head",), find=_default("head")),
    Model("dog", "default animal: a dog, reshaped", "Apache-2.0", "It comes with Impromptu: install it again.",
          ships=True, kinds=("impromptu_dog",), find=_default("dog")),
    Model("library", "default motion library", "see each clip", "It comes with Impromptu: install it again.",
          ships=True, find=_default_library),
    Model("body-encoder", "Impromptu body encoder: texts and pictures of people", "GPL-3.0-or-later",
          "It comes with Impromptu: install it again.", ships=True, find=_encoder("body")),
    Model("judge-encoder", "Impromptu judge encoder: a second opinion, which never guides", "GPL-3.0-or-later",
          "It comes with Impromptu: install it again.", ships=True, find=_encoder("judge")),
    Model("faces-encoder", "mini-XCEPTION of face_classification: seven expressions of a face", "MIT",
          "It comes with Impromptu: install it again.", ships=True, find=_encoder("faces"),
          source="https://github.com/oarriaga/face_classification"),
    _hub("minilm", "sentence encoder all-MiniLM-L6-v2: ranks motions", "Apache-2.0",
         "sentence-transformers/all-MiniLM-L6-v2", "c9745ed1d9f207416be6d2e6f8de32d1f16199bf",
         size=90868376, sha256=MINILM_SHA256, weights="model.safetensors", small=_SENTENCE,
         how="It comes with the runtime: repair the runtime, or run impromptu models fetch minilm.",
         variable="IMPROMPTU_MINILM", find=assets.find_minilm),
    _hub("mpnet", "sentence encoder all-mpnet-base-v2: CLIP-Actor's second stage", "Apache-2.0",
         "sentence-transformers/all-mpnet-base-v2", "e8c3b32edf5434bc2275fc9bab85f82640a19130",
         size=437971872, sha256=assets.MPNET_SHA256, weights="model.safetensors", small=_SENTENCE,
         how="Run impromptu models fetch mpnet, or name its folder in IMPROMPTU_MPNET.",
         variable="IMPROMPTU_MPNET", find=_mpnet),
    _openai("clip", "OpenAI's CLIP ViT-B/32: CLIP-Actor's first stage", "ViT-B-32", 353976522,
            how="Run impromptu models fetch clip, or name any open_clip checkpoint in IMPROMPTU_CLIP.",
            variable="IMPROMPTU_CLIP"),
    _openai("clip-b-16", "OpenAI's CLIP ViT-B/16: finer patches, slower", "ViT-B-16", 350837078),
    _openai("clip-l-14", "OpenAI's CLIP ViT-L/14: the large one", "ViT-L-14", 932768134),
    _hub("laion-b-32", "open_clip's ViT-B/32, trained on LAION-2B", "MIT",
         "laion/CLIP-ViT-B-32-laion2B-s34B-b79K", "1a25a446712ba5ee05982a381eed697ef9b435cf",
         size=605143316, sha256="ac4f8c4b88af6d963118cbf40ad93176d092abbedfcb752601ae1866352656e6",
         architecture="ViT-B-32"),
    _hub("laion-b-16", "open_clip's ViT-B/16, trained on LAION-2B", "MIT",
         "laion/CLIP-ViT-B-16-laion2B-s34B-b88K", "7288da5a0d6f0b51c4a2b27c624837a9236d0112",
         size=599_000_000, architecture="ViT-B-16"),
    _hub("siglip", "Google's SigLIP B/16", "Apache-2.0",
         "google/siglip-base-patch16-224", "7fd15f0689c79d79e38b1c2e2e2370a7bf2761ed",
         size=813_000_000, weights="model.safetensors", small=(*_SIGLIP, "spiece.model"), architecture=""),
    _hub("siglip2", "Google's SigLIP 2 B/16", "Apache-2.0",
         "google/siglip2-base-patch16-224", "75de2d55ec2d0b4efc50b3e9ad70dba96a7b2fa2",
         size=1_501_000_000, weights="model.safetensors", small=_SIGLIP, architecture=""),
    _body("smplx", "SMPL-X body: hands and face", "smpl-x.is.tue.mpg.de", "smplx"),
    _body("smplh", "SMPL+H body: hands", "mano.is.tue.mpg.de", "smplh"),
    _body("smpl", "SMPL body", "smpl.is.tue.mpg.de", "smpl"),
    _body("flame", "FLAME head", "flame.is.tue.mpg.de", "flame"),
    _body("smal", "SMAL animals", "smal.is.tue.mpg.de", "smal"),
)  # fmt: skip
"""In the order in which a list shows them."""


def model_named(name: str) -> Model:
    """The model of a name.

    Raises:
        InvalidInput: there is none.
    """
    for model in MODELS:
        if model.name == name.lower():
            return model
    raise InvalidInput(f"There is no model {name!r}.", f"Use one of {', '.join(m.name for m in MODELS)}.")


def model_from(repository: str) -> Model:
    """The model that comes from a repository of the hub.

    Raises:
        KeyError: none does.
    """
    return {model.source: model for model in MODELS if model.files}[f"{HUB}/{repository}"]
