"""The held-out set: pictures of people, garments, words and phrasings that training never saw, made where needed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ... import assets
from ...files import read_json, sha256_of
from ...people.actions import Action, Actions
from ...people.bodies import Split
from ...people.facts import Facts, see, visible
from ...people.garments import KINDS
from ...people.spec import Person
from ...people.surroundings import Surroundings
from ...pictures.plan import Row
from ...pictures.requests import CaptionsRequest, to_json
from ...pictures.store import MANIFEST, REQUEST
from ...protocol import InvalidInput

SIZE = 224
"""Pixels of a side: more than most encoders see, so that a crop has detail."""
FALSE = 4
"""False captions a picture."""
ROOMS = ("people", "pictures")
"""Code and words that decide a set, beside its request."""
Tell = Callable[[str], None]
Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Item:
    """One picture, and what is known of it."""

    number: int
    row: Row
    """Its line of the manifest."""
    facts: Facts
    person: Person
    action: Action
    others: tuple[tuple[str, str], ...]
    """(phrase, group) of actions that it surely does not show."""
    split: Split


class HeldOut:
    """A set of captioned pictures in a folder; pixels are read when they are asked for.

    Args:
        count: of its pictures only so many, the first; 0: all.

    Raises:
        InvalidInput: the folder holds no whole set of captioned people with their maps of parts.
    """

    def __init__(self, folder: Path, count: int = 0) -> None:
        request = read_json(folder / REQUEST)["request"] if (folder / REQUEST).is_file() else {}
        if request.get("kind") != "captions" or not request.get("parts"):
            raise InvalidInput(
                f"{folder} holds no set of captioned people with maps of parts.",
                "Make one: impromptu render captions --split test --parts -o FOLDER.",
            )
        if not (folder / MANIFEST).is_file():
            raise InvalidInput(f"The set in {folder} is not whole.", "Go on with the command that makes it.")
        self.folder, self.request = folder, request
        self.split: Split = cast(Split, request["split"])
        self.rows = _rows(folder / MANIFEST, count)
        self.part_names: tuple[str, ...] = tuple(self.rows[0]["part_names"]) if self.rows else ()

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def items(self) -> list[Item]:
        """What is known of each picture."""
        from ...motion.library import Library

        actions = Actions(Library.open(self.request["library"] or None))
        slots = {name: kind.slot for name, kind in KINDS.items()}
        return [self._item(i, row, actions, slots) for i, row in enumerate(self.rows)]

    def _item(self, number: int, row: Row, actions: Actions, slots: Mapping[str, str]) -> Item:
        person, action = Person.from_json(row["person"]), Action.from_json(row["action"])
        shares = visible(self._read(row["parts"]), self.part_names)
        facts = see(person, Surroundings.from_json(row["surroundings"]), action, shares, slots)
        return Item(number, row, facts, person, action, actions.others(action), self.split)

    def batches(self, size: int) -> Iterator[tuple[NDArray[np.integer], Pixels, Pixels]]:
        """All pictures in order: their numbers, (n, H, W, 3) sRGB, and (n, H, W) maps of parts."""
        for start in range(0, len(self), size):
            numbers = np.arange(start, min(start + size, len(self)))
            yield numbers, self.pictures(numbers), np.stack([self._read(self.rows[i]["parts"]) for i in numbers])

    def pictures(self, numbers: Sequence[int] | NDArray[np.integer]) -> Pixels:
        """(n, H, W, 3) sRGB."""
        return np.stack([self._read(self.rows[i]["file"], "RGB") for i in numbers])

    def _read(self, name: str, mode: str = "") -> Pixels:
        try:
            with Image.open(self.folder / name) as image:
                return np.asarray(image.convert(mode) if mode else image)
        except OSError as error:
            raise InvalidInput(f"{self.folder / name} cannot be read.", "Make the set again with --again.") from error


def _rows(path: Path, count: int) -> list[Row]:
    """The first lines of a manifest; all for 0."""
    try:
        with open(path, encoding="utf-8") as lines:
            return [json.loads(line) for line in islice(lines, count or None)]
    except ValueError as error:
        raise InvalidInput(f"{path} is damaged.", "Make the set again with --again.") from error


def held_out(count: int, seed: int, tell: Tell = lambda line: None, **other: Any) -> HeldOut:
    """The set of a seed, from the user's cache folder; made, or gone on with, where it is not whole.

    Args:
        tell: is told how far it is.
        other: fields of the request, such as `size` or `engine`.

    Raises:
        InvalidInput: the cache cannot be written to. RuntimeMissing: the engine needs a Blender that is not there.
    """
    fields: dict[str, Any] = {"size": SIZE, "negatives": FALSE, "split": "test", **other}
    request = CaptionsRequest(count=count, seed=seed, parts=True, **fields)
    folder = assets.cache_folder() / "encoder-eval" / fingerprint(request)[:20]
    if not (folder / MANIFEST).is_file():
        folder.parent.mkdir(parents=True, exist_ok=True)
        make(request, folder, tell)
    return HeldOut(folder)


def fingerprint(request: CaptionsRequest) -> str:
    """sha256 of a request and of all code and words that decide what comes of it; quick, since nothing is loaded."""
    root = Path(__file__).parents[2]
    files = sorted(p for room in ROOMS for p in (root / room).rglob("*") if p.suffix in (".py", ".json"))
    known = [[str(p.relative_to(root)), sha256_of(p)] for p in files]
    return hashlib.sha256(json.dumps([to_json(request), known], sort_keys=True).encode()).hexdigest()


def make(request: CaptionsRequest, folder: Path, tell: Tell) -> None:
    """Take what is missing of a set."""
    from ...pictures import local
    from ...pictures.store import open_store
    from ...pictures.taking import fingerprint as identity_of
    from ...pictures.taking import plan_of

    total = len(plan_of(request))
    with open_store(folder, {"request": to_json(request), "fingerprint": identity_of(request)}, total) as store:
        todo = store.missing(total)
        for done, taken in enumerate(local.run(request, todo), total - len(todo) + 1):
            store.add(taken)
            tell(f"held-out pictures: {done:,} of {total:,}")
        store.finish(total)
