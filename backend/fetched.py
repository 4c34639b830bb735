"""The folders of fetched models: made, checked and removed; a record in each says what is ours."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import assets, fetching
from .files import explain_os_error, sha256_of, write_json
from .motion.lock import file_lock
from .protocol import InvalidInput
from .remote import Remote, check_name

if TYPE_CHECKING:
    from .model import Model


@contextlib.contextmanager
def _held(folder: Path, check: fetching.Check) -> Iterator[None]:
    """Hold a model's folder, which need not exist: no two processes change one at a time."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise explain_os_error(error, folder) from error
    with file_lock(folder.with_name(f".{folder.name}.lock"), wait=float("inf"), meanwhile=check):
        yield


def begun(name: str) -> int:
    """Bytes that have come of a model that is not whole; 0 where nothing has, or all."""
    folder = assets.models_path() / name
    if assets.fetched(name) or not folder.is_dir():
        return 0
    files = [p for p in folder.rglob("*") if p.is_file() and p.name != assets.RECORD]
    return sum(p.stat().st_size for p in files if not p.name.endswith(fetching.NOTE))


def fetch(
    model: Model,
    progress: fetching.Progress = lambda done, total: None,
    check: fetching.Check = lambda: None,
) -> dict[str, Any]:
    """Download a model's files into the cache; those that are there are not downloaded again.

    Args:
        progress: told of the bytes of all files together; the total grows where a size was not known.

    Returns:
        the record: `files` by name with `bytes`, `sha256` and `known_from`, and where they came from.

    Raises:
        AssetsMissing: as `fetching.fetch_file`.
        InvalidInput: as `fetching.fetch_file`; or this model has no files to fetch.
    """
    if not model.files:
        raise InvalidInput(f"{model.name} cannot be fetched.", model.how)
    check_name(model.name)
    folder = assets.cache_folder() / "models" / model.name
    with _held(folder, check):
        kept = assets.record_of(model.name).get("files", {})
        record = {"name": model.name, "licence": model.licence, "whole": False, "files": {}, **model.facts}
        for i, remote in enumerate(model.files):
            if not _is_here(folder, remote, kept.get(remote.name)):
                rest = sum(other.bytes for other in model.files[i + 1 :])
                before = sum(facts["bytes"] for facts in record["files"].values())

                def told(done: int, total: int, before: int = before, rest: int = rest) -> None:
                    progress(before + done, before + max(total, done) + rest)

                arrived = fetching.fetch_file(remote, folder / remote.name, told, check)
                facts = {"bytes": arrived.bytes, "sha256": arrived.sha256, "known_from": arrived.known_from}
                kept[remote.name] = {"url": remote.address, **facts}
            record["files"][remote.name] = kept[remote.name]
            record["whole"] = i == len(model.files) - 1
            write_json(folder / assets.RECORD, record)
    return record


def _is_here(folder: Path, remote: Remote, facts: Any) -> bool:
    """Whether a file was fetched before, from this address and of the sum that is wanted."""
    path = folder / remote.name
    if not isinstance(facts, dict) or not path.is_file() or facts.get("url") != remote.address:
        return False
    return path.stat().st_size == facts.get("bytes") and remote.sha256 in ("", facts.get("sha256"))


def problems(name: str, progress: fetching.Progress = lambda done, total: None) -> list[str]:
    """A sentence for each file of a fetched model that is not what came; reads them all."""
    folder, found = assets.models_path() / name, []
    files = assets.record_of(name).get("files", {})
    total = sum(facts["bytes"] for facts in files.values())
    done = 0
    for file, facts in files.items():
        progress(done, total)
        path = folder / file
        if not path.is_file():
            found.append(f"{file} of {name} is gone.")
        elif sha256_of(path) != facts["sha256"]:
            found.append(f"{file} of {name} has changed: its sha256 is not {facts['sha256'][:12]}....")
        done += facts["bytes"]
    return found


def remove(model: Model, check: fetching.Check = lambda: None) -> int:
    """Delete what `fetch` has put into the cache of a model, begun or whole, and nothing else.

    Returns:
        bytes freed.

    Raises:
        InvalidInput: nothing of it was fetched, or it cannot be deleted.
    """
    folder = assets.models_path() / model.name
    try:
        with _held(folder, check):
            ours = [path for name in _names(model) for path in _with_parts(folder / name) if path.is_file()]
            freed = sum(path.stat().st_size for path in ours)
            if not ours:
                raise InvalidInput(f"{model.name} was not fetched, so there is nothing to remove.", _whose(model))
            # The record goes last: a removal that is broken off can be done again.
            for path in (*ours, folder / assets.RECORD):
                path.unlink(missing_ok=True)
            _drop_empty(folder)
    except OSError as error:
        raise explain_os_error(error, folder) from error
    return freed


def _names(model: Model) -> list[str]:
    """Files that are ours in a model's folder: by the record, and by the list where a download was broken off.

    Raises:
        InvalidInput: somebody has written a name into the record that leads out of the folder.
    """
    names = sorted({*assets.record_of(model.name).get("files", {}), *(remote.name for remote in model.files)})
    for name in names:
        check_name(name)
    return names


def _with_parts(path: Path) -> list[Path]:
    return [path.with_name(path.name + end) for end in ("", fetching.PART, fetching.NOTE)]


def _whose(model: Model) -> str:
    """Why a model that is there is not removed."""
    path = model.state()["path"]
    return f"{path} is not ours to delete." if path else "See: impromptu models list."


def _drop_empty(folder: Path) -> None:
    """Remove folders that hold nothing any more, the deepest first."""
    for path in sorted((p for p in folder.rglob("*") if p.is_dir()), reverse=True):
        if not any(path.iterdir()):
            path.rmdir()
    if not any(folder.iterdir()):
        folder.rmdir()
