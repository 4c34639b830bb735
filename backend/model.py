"""A model file that Impromptu knows: where it may be, whether it is there, and where it comes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from . import assets, fetched
from .files import sha256_of
from .protocol import AssetsMissing, InvalidInput
from .remote import Remote

CLIP_SHA256 = {
    "ViT-B-32.pt": "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af",
    "ViT-B-16.pt": "5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f",
    "ViT-L-14.pt": "b8cca3fd41ae0c99ba7e8951adf17d267cdb84cd88be6f7c2e0eca1737a03836",
    "ViT-L-14-336px.pt": "3035c92b350959924f9f00213499208652fc7ea050643e8b385c2dac08641f02",
}
"""OpenAI's own checkpoints, by the names under which they publish them; of others there are too many to know."""


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
    """The file of its folder that is the large one."""
    sha256: str = ""
    """Of `weights`; empty: not published."""
    kinds: tuple[str, ...] = ()
    """Of a body: the layouts that its file may have."""
    find: Callable[[], Path | None] | None = None
    """Where it is if the variable does not say."""
    files: tuple[Remote, ...] = ()
    """What can be fetched; none where the licence asks each user to register, or it ships."""
    source: str = ""
    """The page about it."""
    architecture: str | None = None
    """Of an encoder of texts and pictures: open_clip's name; empty: its folder is one that transformers reads."""

    def state(self, verify: bool = False) -> dict[str, Any]:
        """What is known of it now.

        Args:
            verify: compare the sum of its weights with the published one, or read a body's arrays; reads the file.

        Returns:
            `name`, `what`, `found`, `path`, `licence`, `sha256_ok` (None: not verified, or no sum is published),
            `how`, `variable`, `ships`, `source`, `host` (that it can be fetched from; empty: it cannot), `bytes`
            (about; 0: not known), `sha256` (of its weights; empty: not published), `files` (each with `name`, `url`,
            `sha256`, `bytes`), `fetched` (whole, by us), `begun` (bytes that have come of one that is not whole), and
            `problem`: a sentence, empty if all is well.
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
            "source": self.source,
            "host": self.host,
            "bytes": self.bytes or (path.stat().st_size if path and path.is_file() else 0),
            "sha256": self.sha256,
            "files": [{**asdict(remote), "url": remote.address} for remote in self.files],
            "fetched": assets.fetched(self.name) is not None,
            "begun": fetched.begun(self.name) if self.files else 0,
            "problem": problem,
        }

    @property
    def bytes(self) -> int:
        """Of all that would be fetched, about; 0: not known."""
        return sum(remote.bytes for remote in self.files)

    @property
    def host(self) -> str:
        """The machine that it would be fetched from; empty where it cannot."""
        return self.files[0].host if self.files else ""

    @property
    def facts(self) -> dict[str, Any]:
        """What the record of a fetched one says beside its files."""
        facts: dict[str, Any] = {"source": self.source}
        if self.architecture is not None:
            facts.update(architecture=self.architecture, weights=self.weights if self.architecture else "")
        return facts

    def _place(self) -> tuple[Path | None, str]:
        """The file or folder, or None and what is wrong with the place that the user named."""
        try:
            named = assets.named_path(self.variable) if self.variable else None
            return named or (self.find() if self.find else None) or assets.fetched(self.name), ""
        except AssetsMissing as error:
            return None, str(error)

    def _verified(self, path: Path) -> tuple[bool | None, str]:
        """Whether the sum is the published one (None: there is none), and what is wrong."""
        if self.kinds:
            return None, _body_problem(path, self.kinds, self.name)
        problems = fetched.problems(self.name)
        if problems:
            return False, " ".join([*problems, f"Run impromptu models remove {self.name}, then fetch it again."])
        if path.is_relative_to(assets.models_path() / self.name):
            return True, ""
        file = path / self.weights if self.weights and path.is_dir() else path
        wanted = CLIP_SHA256.get(path.name) or ("" if path.is_file() else self.sha256)
        if not wanted or file.is_dir():
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
