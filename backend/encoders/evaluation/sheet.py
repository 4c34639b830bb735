"""A picture of what an encoder finds: captions with their five nearest pictures, and questions it gets wrong."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ...files import atomic_path
from .about_clothes import COLOUR
from .choosing import answer
from .embedding import AS_IT_IS, Whole
from .evaluate import Evaluated
from .heldout import HeldOut
from .questions import Question
from .retrieval import TIE, of_detail, told

QUERIES, SHOWN = 6, 5
"""Captions of each kind, found and not; pictures for each."""
WRONG = 8
"""Questions with a wrong answer, each of another row."""
SIDE, GAP, WORDS = 116, 8, 330
"""Pixels: of a picture, between two, of the words beside them."""
LINE, TEXT = 14, 12
FOUND = "Captions whose own picture (framed) comes first, and their five nearest pictures."
MISSED = "Captions that find others first; the own picture stands behind the line where it is not among five."
SAID = "Wrong answers: what the encoder said (red) and what is true (green)."
GREEN, RED, INK, PAPER = (30, 150, 60), (200, 50, 40), (40, 40, 40), (250, 250, 250)


@dataclass(frozen=True)
class Query:
    """One caption and what it found."""

    text: str
    number: int
    """Of its own picture."""
    place: int
    """Which place that took."""
    best: tuple[int, ...]


def write_sheet(held: HeldOut, evaluated: Evaluated, path: Path) -> None:
    """Draw it.

    Args:
        path: a .png file.

    Raises:
        InvalidInput: it cannot be written.
    """
    found, missed = _queries(held, evaluated)
    wrong = _wrong(held, evaluated)
    width = WORDS + (SHOWN + 1) * (SIDE + GAP) + 4 * GAP
    rows = len(found) + len(missed)
    below = -(-len(wrong) // 2) * (SIDE + GAP)
    sheet = Image.new("RGB", (width, 3 * 3 * LINE + rows * (SIDE + GAP) + below + GAP), PAPER)
    y = GAP
    for title, queries in ((FOUND, found), (MISSED, missed)):
        y = _title(sheet, title, y) if queries else y
        for query in queries:
            _draw_query(sheet, held, query, y)
            y += SIDE + GAP
    y = _title(sheet, SAID, y) if wrong else y
    for i, (question, said) in enumerate(wrong):
        _draw_wrong(sheet, held, question, said, GAP + i % 2 * (width // 2), y + i // 2 * (SIDE + GAP))
    with atomic_path(path) as temporary:
        sheet.save(temporary, "PNG")


def _queries(held: HeldOut, evaluated: Evaluated) -> tuple[list[Query], list[Query]]:
    """Captions evenly out of those whose picture came first, and of the others."""
    captions = told(held.items, of_detail("full"))
    pictures = evaluated.seen[AS_IT_IS].vectors
    cosine = evaluated.texts.vectors([text for _, text in captions]) @ pictures.T
    queries = []
    for (number, text), row in zip(captions, cosine, strict=True):
        place = int((row >= row[number] - TIE).sum())
        queries.append(Query(text, number, place, tuple(np.argsort(-row, kind="stable")[:SHOWN].tolist())))
    return _some([q for q in queries if q.place == 1]), _some([q for q in queries if q.place > 1])


def _some(queries: Sequence[Query]) -> list[Query]:
    count = min(QUERIES, len(queries))
    return [queries[i * len(queries) // count] for i in range(count)]


def _wrong(held: HeldOut, evaluated: Evaluated) -> list[tuple[Question, str]]:
    """Questions answered wrongly in every wording, each of another row, and what was answered."""
    pictures = evaluated.seen[AS_IT_IS].vectors
    plain = [q for q in evaluated.asked if not q.kept and not q.family.startswith(COLOUR)]
    right = answer(plain, Whole(evaluated.texts, pictures))
    order = np.random.default_rng(0).permutation(np.flatnonzero(right == 0))
    chosen: dict[str, tuple[Question, str]] = {}
    for i in order:
        question = plain[i]
        cosine = evaluated.texts.vectors(question.texts[0]) @ pictures[question.picture]
        chosen.setdefault(question.family, (question, question.texts[0][1 + int(cosine[1:].argmax())]))
    return list(chosen.values())[:WRONG]


def _draw_query(sheet: Image.Image, held: HeldOut, query: Query, y: int) -> None:
    words = f"{query.text} [place {query.place:,}]"
    _write(sheet, textwrap.wrap(words, 50), GAP, y)
    x = WORDS + GAP
    for number in query.best:
        _paste(sheet, held, number, x, y, GREEN if number == query.number else None)
        x += SIDE + GAP
    if query.number not in query.best:
        ImageDraw.Draw(sheet).line((x, y, x, y + SIDE), INK)
        _paste(sheet, held, query.number, x + GAP, y, GREEN)


def _draw_wrong(sheet: Image.Image, held: HeldOut, question: Question, said: str, x: int, y: int) -> None:
    _paste(sheet, held, question.picture, x, y, None)
    x += SIDE + GAP
    y = _write(sheet, textwrap.wrap(f"{question.family}, {len(question.texts[0])} choices", 44), x, y)
    y = _write(sheet, textwrap.wrap(said, 44), x, y, RED)
    _write(sheet, textwrap.wrap(question.texts[0][0], 44), x, y, GREEN)


def _paste(
    sheet: Image.Image, held: HeldOut, number: int, x: int, y: int, frame: tuple[int, int, int] | None
) -> None:
    picture = Image.fromarray(held.pictures([number])[0]).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    sheet.paste(picture, (x, y))
    if frame:
        ImageDraw.Draw(sheet).rectangle((x - 3, y - 3, x + SIDE + 2, y + SIDE + 2), outline=frame, width=3)


def _title(sheet: Image.Image, text: str, y: int) -> int:
    return _write(sheet, [text], GAP, y + GAP) + GAP


def _write(sheet: Image.Image, lines: Sequence[str], x: int, y: int, ink: tuple[int, int, int] = INK) -> int:
    """Lines of words; where the next ones may begin."""
    font = ImageFont.load_default(TEXT)
    ImageDraw.Draw(sheet).multiline_text((x, y), "\n".join(lines), ink, font, spacing=LINE - TEXT)
    return y + (len(lines) * (LINE + 1))
