"""The same figures on changed pictures, and on the same scenes taken with Cycles."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from .about_clothes import COLOUR, TYPE
from .about_people import ACTION
from .choosing import answer, of_row, share
from .embedding import Seen, Texts, Whole
from .heldout import Item
from .intervals import Figure
from .questions import Question
from .retrieval import recalls, told, without_backdrop

RECALL = "text to image, R@1"
COLUMNS = {"garment colour": COLOUR, "garment type": TYPE, "action": ACTION}
"""Rows of questions that are asked again."""


def compare(
    items: Sequence[Item],
    asked: Sequence[Question],
    seen: Mapping[str, Seen],
    texts: Texts,
    retell: Mapping[str, Callable[[str], str]],
    colourless: frozenset[str] = frozenset(),
) -> dict[str, dict[str, Figure]]:
    """By state of the pictures: recall of captions that leave the backdrop out, and some rows of questions.

    Args:
        items: those pictures that are compared with one another.
        asked: questions about them.
        retell: by state, what becomes of a text there.
        colourless: states in which no colour is asked for.
    """
    captions = told(items, without_backdrop)
    rows: dict[str, dict[str, Figure]] = {}
    for name, state in seen.items():
        scorer = Whole(texts, state.vectors)
        say = retell.get(name, lambda text: text)
        row = {RECALL: recalls([(i, say(text)) for i, text in captions], scorer)[RECALL]}
        for column, family in COLUMNS.items():
            if family == COLOUR and name in colourless:
                continue
            chosen = of_row(asked, family, state)
            right = answer(chosen, scorer, say)
            row[column] = share(chosen, right, range(len(chosen)))
        rows[name or "as it is"] = row
    return rows
