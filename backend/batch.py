"""Many prompts, one after the other: reads the file, keeps account of what is done, makes the rest."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .files import explain_os_error, sha256_of
from .protocol import ACTOR_FORMATS, ActRequest, ImpromptuError, InvalidInput, from_params, parse_betas, to_params

MANIFEST = "manifest.jsonl"
_NUMBERS = {"seconds": float, "fps": float, "seed": int, "top": int, "k": int}


@dataclass(frozen=True)
class Row:
    """One line of the file: a request, or what is wrong with it."""

    number: int
    """From 1, in the order of the file."""
    request: ActRequest | None
    error: ImpromptuError | None = None

    @property
    def wanted(self) -> ActRequest:
        """The request of a row that has one.

        Raises:
            ImpromptuError: what is wrong with the row.
        """
        if self.request is None:
            raise self.error or InvalidInput(f"Row {self.number} holds no request.", "Write a prompt.")
        return self.request

    @property
    def digest(self) -> str:
        """sha256 of the request: what makes a row another than before."""
        params = to_params(self.wanted) | {"outputs": [Path(p).name for p in self.wanted.outputs]}
        return hashlib.sha256(json.dumps(params, sort_keys=True).encode()).hexdigest()


def read_rows(path: Path, folder: Path, formats: tuple[str, ...]) -> list[Row]:
    """The rows of a .csv file with a header, or of a file with one JSON value a line.

    Args:
        folder: where each row's files go, named by its number and its prompt.
        formats: extensions of the files to write.

    Raises:
        InvalidInput: no such file, no text, no column `prompt`, or no row.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise explain_os_error(error, path) from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path.name} is not UTF-8 text.", "Save it as UTF-8.") from error
    made = _read_csv(text, path) if path.suffix.lower() == ".csv" else [_json_line(line) for line in text.split("\n")]
    rows = [_row(i, item, folder, formats) for i, item in enumerate((m for m in made if m is not None), 1)]
    if not rows:
        raise InvalidInput(f"{path.name} has no prompts.", "Write one a line: text in quotes, or a JSON object.")
    return rows


def _read_csv(text: str, path: Path) -> list[Any]:
    """A dictionary a row, or the error of a row; empty cells are left out."""
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        names = [str(n).strip() for n in reader.fieldnames or ()]
        if "prompt" not in names:
            raise InvalidInput(f"{path.name} has no column `prompt`.", "Name the columns in the first line.")
        reader.fieldnames = names
        return [_typed_cells(cells) for cells in reader]
    except csv.Error as error:
        raise InvalidInput(f"{path.name} is no CSV file: {error}.", "Export it again as CSV.") from error


def _typed_cells(cells: dict[Any, Any]) -> Any:
    """A row's cells as the request's types."""
    try:
        if None in cells:
            raise InvalidInput("The row has more cells than the first line.", "Put texts with commas in quotes.")
        params: dict[str, Any] = {}
        for name, cell in cells.items():
            if cell is None or not cell.strip():
                continue
            if name in _NUMBERS:
                try:
                    params[name] = _NUMBERS[name](cell)
                except ValueError:
                    raise InvalidInput(f"{name} is {cell.strip()!r}.", "Give a number.") from None
            else:
                params[name] = parse_betas(cell) if name == "betas" else cell.strip()
        return params
    except ImpromptuError as error:
        return error


def _json_line(line: str) -> Any:
    """The value of a line, None for an empty one, or what is wrong with it."""
    if not line.strip():
        return None
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        return InvalidInput(f"The line is not JSON: {error}.", 'Put a plain prompt in quotes: "a man walks".')
    return {"prompt": value} if isinstance(value, str) else value if isinstance(value, dict) else InvalidInput(
        "The line is neither text nor an object.", 'Write "a man walks" or {"prompt": "a man walks", "seed": 1}.'
    )  # fmt: skip


def _row(number: int, item: Any, folder: Path, formats: tuple[str, ...]) -> Row:
    """A row of what its line holds."""
    if isinstance(item, ImpromptuError):
        return Row(number, None, item)
    try:
        if "outputs" in item or "previews" in item:
            raise InvalidInput("A row does not name its files.", "Choose their formats with --format.")
        first = from_params("write", item)
        stem = folder / f"{number:04d}_{slug(first.prompt)}"
        names = {"outputs": [f for f in formats if f in ACTOR_FORMATS]}
        names["previews"] = [f for f in formats if f not in ACTOR_FORMATS]
        return Row(number, from_params("write", {**item, **{k: [f"{stem}{f}" for f in v] for k, v in names.items()}}))
    except ImpromptuError as error:
        return Row(number, None, error)


def slug(prompt: str) -> str:
    """A prompt as a file name: its words, cut to 48 characters."""
    return re.sub(r"\W+", "_", prompt.lower()).strip("_")[:48].rstrip("_") or "prompt"


class Manifest:
    """What is done: a line of JSON each, added as soon as the row's files are there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._done: dict[int, dict[str, Any]] = {}
        if path.exists():
            for line in path.read_text(encoding="utf-8", errors="replace").split("\n"):
                try:
                    entry = json.loads(line)
                    self._done[int(entry["row"])] = entry
                except (ValueError, KeyError, TypeError):
                    # The last line of a run that was killed; its row is made again.
                    continue

    def has(self, row: Row) -> bool:
        """Whether the row was done as it is now, and its files are still what they were."""
        entry = self._done.get(row.number)
        if entry is None or entry.get("request") != row.digest:
            return False
        files = entry.get("files", {})
        return bool(files) and all(_is_file(self.path.parent / name, said) for name, said in files.items())

    def add(self, row: Row, seconds: float, label: str) -> None:
        """Write down a row that is done."""
        paths = [Path(p) for p in (*row.wanted.outputs, *row.wanted.previews)]
        files = {p.name: sha256_of(p) for p in paths}
        entry = {"row": row.number, "request": row.digest, "prompt": row.wanted.prompt, "label": label}
        entry |= {"files": files, "seconds": round(seconds, 3)}
        line = json.dumps(entry, sort_keys=True)
        # A line that a kill cut short is closed first.
        start = "\n" if self.path.exists() and not self.path.read_bytes().endswith(b"\n") else ""
        with open(self.path, "a", encoding="utf-8") as stream:
            stream.write(f"{start}{line}\n")
        self._done[row.number] = entry


def _is_file(path: Path, sha256: str) -> bool:
    return path.is_file() and sha256_of(path) == sha256


def run_rows(
    rows: list[Row],
    manifest: Manifest,
    make: Callable[[Row], dict[str, Any] | ImpromptuError],
    show: Callable[[str], None],
) -> dict[str, int]:
    """Make every row that is not done yet; a row that fails is shown, and the others go on.

    Args:
        make: writes a row's files and returns facts about them, or what went wrong.
        show: gets one line a row.

    Returns:
        how many rows were `made`, `kept` (done before) and `failed`.
    """
    counts = {"made": 0, "kept": 0, "failed": 0}
    spent = 0.0
    for i, row in enumerate(rows, 1):
        head = f"[{i}/{len(rows)}]"
        if row.request is not None and manifest.has(row):
            counts["kept"] += 1
            show(f"{head} row {row.number} is done: {row.request.prompt}")
            continue
        began = time.monotonic()
        said = row.error or make(row)
        took = time.monotonic() - began
        if isinstance(said, ImpromptuError):
            counts["failed"] += 1
            show(f"{head} row {row.number} failed: {said}")
            continue
        manifest.add(row, took, str(said.get("label", "")))
        counts["made"] += 1
        spent += took
        left = spent / counts["made"] * (len(rows) - i)
        show(f"{head} row {row.number}: {row.wanted.prompt} ({took:.1f} s, about {_duration(left)} left)")
    return counts


def _duration(seconds: float) -> str:
    """Seconds as a person says them."""
    return (
        f"{seconds:.0f} s"
        if seconds < 90
        else f"{seconds / 60:.0f} min"
        if seconds < 5400
        else f"{seconds / 3600:.1f} h"
    )
