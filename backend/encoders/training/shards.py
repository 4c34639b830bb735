"""Training pictures on disk: shards of two thousand, made once and read many times, still while more are made.

    request.json             everything that decides the set, and `part_names`
    shard-00000/             written under another name and renamed: there, or not there
        pictures.npy         (n, S, S, 3) uint8 sRGB
        parts.npy            (n, S // 2, S // 2) uint8: the part at every second pixel, 255 where there is none
        words.jsonl          a line of JSON a picture
        words.npy            (n + 1,) int64: where each line begins, in bytes

A line has `group` (the posed person; four pictures each, in order), `grey`, `framing`, `view`, `captions` (`text`,
`detail`, `says`), `negatives` (`text`, `family`, index of the true `caption`) and `phrases` (`text`, `slot`, which is
a part, `attribute`, `share` of the picture, and often `false`, a phrase that is not true of the slot).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ...files import explain_os_error, read_json
from ...protocol import InvalidInput

if TYPE_CHECKING:
    from .pictures import TrainingPicture

VERSION = 1
"""Of the pictures and words that a request gives: raised with every change of what it decides."""
SHARD = 2000
"""Pictures of a shard, but of the last one."""
GROUP = 4
"""Pictures of one posed person, next to each other."""
REQUEST = "request.json"
Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class DataRequest:
    """What a set of training pictures is of."""

    count: int
    """Pictures, rounded up to whole groups."""
    seed: int = 0
    """Decides everything that is drawn by lot."""
    size: int = 144
    """Pixels of a side, even."""
    split: str = "train"
    """`train` or `test`, which share no combination that the other one is asked about."""
    library: str = ""
    """Where poses come from: a library (folder or .zip); none: the library that ships."""
    painted: bool = False
    """Clothes are painted on bare bodies instead of worn."""

    def __post_init__(self) -> None:
        if not 1 <= self.count <= 100_000_000:
            raise InvalidInput(f"The number of pictures is {self.count:,}.", "Give 1 to 100,000,000.")
        if not 0 <= self.seed < 2**63:
            raise InvalidInput(f"The seed is {self.seed}.", "Give 0 to 2^63 - 1.")
        if self.size % 2 or not 32 <= self.size <= 512:
            raise InvalidInput(f"The size is {self.size} pixels.", "Give an even number from 32 to 512.")
        if self.split not in ("train", "test"):
            raise InvalidInput(f"There is no split {self.split!r}.", "Use train or test.")

    @property
    def shards(self) -> int:
        """How many."""
        return -(-self.count // SHARD)

    def groups(self, shard: int) -> range:
        """Numbers of the groups of a shard."""
        first, whole = shard * SHARD // GROUP, -(-self.count // GROUP)
        return range(first, min(first + SHARD // GROUP, whole))


class Pictures(Protocol):
    """Training pictures by number."""

    part_names: tuple[str, ...]

    def __len__(self) -> int: ...

    def pictures(self, index: int) -> Bytes:
        """(S, S, 3) sRGB of one picture."""
        ...

    def parts(self, index: int) -> Bytes:
        """(S // 2, S // 2) parts of one picture."""
        ...

    def words(self, index: int) -> dict[str, Any]:
        """The line of one picture."""
        ...


class Shards:
    """A set for reading, by memory map: it costs no more memory than what is looked at.

    A set may grow while it is read; `refresh` adds the shards that have come, behind those that were there, so that
    an index stays what it was as long as the object lives.

    Args:
        folder: with `request.json`.

    Raises:
        InvalidInput: there is no such set.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.request: dict[str, Any] = read_json(self.folder / REQUEST)
        if not isinstance(self.request, dict) or self.request.get("version") != VERSION:
            raise InvalidInput(f"{self.folder} holds training pictures of another version.", "Make them anew.")
        self.part_names: tuple[str, ...] = tuple(self.request["part_names"])
        self.size: int = int(self.request["size"])
        self._known: set[str] = set()
        self._ends = np.zeros(0, np.int64)
        self._pictures: list[Bytes] = []
        self._parts: list[Bytes] = []
        self._words: list[Bytes] = []
        self._offsets: list[NDArray[np.int64]] = []
        self.refresh()

    def refresh(self) -> int:
        """Take in what has come; returns how many pictures there are now."""
        for path in sorted(self.folder.glob("shard-*")):
            if path.name in self._known:
                continue
            self._pictures.append(np.load(path / "pictures.npy", mmap_mode="r", allow_pickle=False))
            self._parts.append(np.load(path / "parts.npy", mmap_mode="r", allow_pickle=False))
            self._words.append(np.memmap(path / "words.jsonl", np.uint8, "r"))
            self._offsets.append(np.load(path / "words.npy", allow_pickle=False))
            self._known.add(path.name)
            self._ends = np.append(self._ends, len(self) + len(self._pictures[-1]))
        return len(self)

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    def pictures(self, index: int | Sequence[int] | NDArray[np.integer]) -> Bytes:
        """(S, S, 3) sRGB of one picture, or (n, S, S, 3) of many; copies."""
        return self._take(self._pictures, index)

    def parts(self, index: int | Sequence[int] | NDArray[np.integer]) -> Bytes:
        """(S // 2, S // 2) parts of one picture, or (n, S // 2, S // 2) of many; copies."""
        return self._take(self._parts, index)

    def words(self, index: int) -> dict[str, Any]:
        """The line of one picture."""
        shard, place = self._find(index)
        first, end = self._offsets[shard][place : place + 2]
        return json.loads(self._words[shard][first:end].tobytes())

    def _take(self, arrays: Sequence[Bytes], index: int | Sequence[int] | NDArray[np.integer]) -> Bytes:
        if isinstance(index, (int, np.integer)):
            shard, place = self._find(int(index))
            return np.array(arrays[shard][place])
        return np.stack([arrays[shard][place] for shard, place in map(self._find, index)])

    def _find(self, index: int) -> tuple[int, int]:
        """Which shard, and where in it."""
        if not 0 <= index < len(self):
            raise IndexError(f"picture {index} of {len(self)}")
        shard = int(np.searchsorted(self._ends, index, side="right"))
        return shard, int(index) - int(self._ends[shard - 1] if shard else 0)


class Joined:
    """Several sets read as one, each behind the other; as `Shards`, but that it does not grow.

    Args:
        sets: of pictures of one size.

    Raises:
        InvalidInput: they differ in size or parts.
    """

    def __init__(self, sets: Sequence[Shards]) -> None:
        if len({(one.size, one.part_names) for one in sets}) != 1:
            raise InvalidInput("The sets of training pictures differ in size or parts.", "Make them alike.")
        self.sets = tuple(sets)
        self.size, self.part_names = sets[0].size, sets[0].part_names
        self._ends = np.cumsum([len(one) for one in sets])

    def __len__(self) -> int:
        return int(self._ends[-1])

    def pictures(self, index: int) -> Bytes:
        """(S, S, 3) sRGB of one picture; a copy."""
        one, place = self._find(index)
        return one.pictures(place)

    def parts(self, index: int) -> Bytes:
        """(S // 2, S // 2) parts of one picture; a copy."""
        one, place = self._find(index)
        return one.parts(place)

    def words(self, index: int) -> dict[str, Any]:
        """The line of one picture."""
        one, place = self._find(index)
        return one.words(place)

    def _find(self, index: int) -> tuple[Shards, int]:
        which = int(np.searchsorted(self._ends, index, side="right"))
        return self.sets[which], index - (int(self._ends[which - 1]) if which else 0)


class Thinned:
    """Some groups of a set, evenly spread, read as a set of their own.

    Args:
        count: pictures, rounded down to whole groups; all where there are no more.
    """

    def __init__(self, whole: Pictures, count: int) -> None:
        groups = len(whole) // GROUP
        self._whole, self.part_names = whole, whole.part_names
        self._groups = np.linspace(0, groups, min(count // GROUP, groups), endpoint=False).astype(int).tolist()

    def __len__(self) -> int:
        return len(self._groups) * GROUP

    def pictures(self, index: int) -> Bytes:
        """(S, S, 3) sRGB of one picture; a copy."""
        return self._whole.pictures(self._place(index))

    def parts(self, index: int) -> Bytes:
        """(S // 2, S // 2) parts of one picture; a copy."""
        return self._whole.parts(self._place(index))

    def words(self, index: int) -> dict[str, Any]:
        """The line of one picture."""
        return self._whole.words(self._place(index))

    def _place(self, index: int) -> int:
        return self._groups[index // GROUP] * GROUP + index % GROUP


def shard_name(number: int) -> str:
    """The folder of a shard."""
    return f"shard-{number:05d}"


def missing_shards(folder: Path, request: DataRequest) -> list[int]:
    """Those that are not there, or are shorter than the request wants its last one now."""

    def whole(number: int) -> bool:
        path = folder / shard_name(number) / "words.npy"
        return path.exists() and len(np.load(path, allow_pickle=False)) - 1 == len(request.groups(number)) * GROUP

    return [n for n in range(request.shards) if not whole(n)]


def write_shard(folder: Path, number: int, size: int, pictures: Iterable[TrainingPicture], count: int) -> None:
    """Write one shard, whole or not at all; what stood there is replaced.

    Args:
        pictures: `count` of them, in order.

    Raises:
        InvalidInput: the disk is full or may not be written to.
    """
    path = folder / shard_name(number)
    # One run writes to a folder at a time: the name need not be unique, and a killed one's is used again.
    temporary = folder / f".{path.name}"
    images, parts = np.empty((count, size, size, 3), np.uint8), np.empty((count, size // 2, size // 2), np.uint8)
    lines = []
    for i, one in enumerate(pictures):
        images[i], parts[i] = one.picture, one.parts
        lines.append(json.dumps(one.words, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
    offsets = np.cumsum([0, *map(len, lines)], dtype=np.int64)
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        for name, array in (("pictures", images), ("parts", parts), ("words", offsets)):
            np.save(temporary / f"{name}.npy", array)
        (temporary / "words.jsonl").write_bytes(b"".join(lines))
        for written in temporary.iterdir():
            with open(written, "rb") as stream:
                os.fsync(stream.fileno())
        shutil.rmtree(path, ignore_errors=True)
        os.replace(temporary, path)
    except OSError as error:
        raise explain_os_error(error, path) from error


def add_data_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `impromptu encoder data`."""
    parser.add_argument("-o", "--output", required=True, metavar="FOLDER", help="made if absent; goes on if begun")
    parser.add_argument("--count", type=int, required=True, metavar="N", help="how many pictures, four a person")
    parser.add_argument("--seed", type=int, default=0, help="decides every picture (default: 0)")
    parser.add_argument("--size", type=int, default=144, help="pixels of a side (default: 144)")
    parser.add_argument("--split", default="train", help="train or test (default: train)")
    parser.add_argument("--library", default="", metavar="PATH", help="poses; default: the library that ships")
    parser.add_argument("--painted", action="store_true", help="clothes are painted on bare bodies")
    parser.add_argument("--workers", type=int, default=2, help="processes; the pictures are the same (default: 2)")


def run_data(args: argparse.Namespace) -> int:
    """Make the pictures that are missing; returns 0, or 130 where it was stopped."""
    from .making import make

    values = vars(args)
    request = DataRequest(**{f.name: values[f.name] for f in fields(DataRequest)})
    return make(Path(args.output), request, args.workers, _tell)


def _tell(line: str, last: bool) -> None:
    """A line on standard error, in the place of the one before."""
    terminal = sys.stderr.isatty()
    print(
        f"\r{line:70}" if terminal else line, end="" if terminal and not last else "\n", file=sys.stderr, flush=True
    )


def as_json(request: DataRequest) -> dict[str, Any]:
    """What `request.json` says of a request."""
    return {"version": VERSION, **asdict(request)}


def main(argv: Sequence[str] | None = None) -> int:
    """`python -m impromptu.backend.encoders.training.shards`: as `impromptu encoder data`."""
    from ...protocol import ImpromptuError

    parser = argparse.ArgumentParser(description="Make pictures with words to train an encoder of both.")
    add_data_arguments(parser)
    try:
        return run_data(parser.parse_args(argv))
    except ImpromptuError as error:
        print(f"impromptu: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    raise SystemExit(main())
