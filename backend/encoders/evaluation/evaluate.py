"""The whole evaluation of one encoder on one held-out set."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from ..base import JointEncoder
from .about_clothes import COLOUR, TYPE
from .about_people import ACTION, BUILD, NEW_ACTION
from .changes import CHANGES
from .choosing import answer, by_family, commonest, false_captions
from .embedding import AS_IT_IS, Scorer, Seen, Texts, Whole, see_all
from .fitting import Fitted
from .grounding import Finder, answers, figures
from .heldout import HeldOut, Tell
from .intervals import Figure
from .questions import Question, questions
from .report import Line, Report, Section
from .retrieval import KINDS, recalls, told
from .robustness import compare

ORDER = (COLOUR, "colour of", TYPE, "type of", "pattern", BUILD, "gender", "age", ACTION, NEW_ACTION, "view")
"""How rows of questions begin, in the table's order; others follow as they come."""
FULL = "full captions"


@dataclass(frozen=True)
class Evaluated:
    """What was found, and what pictures of it are made from."""

    report: Report
    seen: Mapping[str, Seen]
    asked: Sequence[Question]
    texts: Texts


def evaluate(encoder: JointEncoder, held: HeldOut, tell: Tell = lambda line: None, changed: bool = True) -> Evaluated:
    """All figures but those that need other renders.

    Args:
        tell: is told how far it is.
        changed: also on changed pictures.

    Raises:
        InvalidInput: files of the set are damaged.
    """
    begun = time.monotonic()
    report = Report(
        {
            "encoder": encoder.name, "digest": encoder.digest, "pictures": len(held), "split": held.split,
            "seed": held.request["seed"], "size": held.request["size"],
        }
    )  # fmt: skip
    texts = Texts(encoder, tell)
    asked = questions(held.items)
    finder = Finder(encoder, held.items, held.part_names, asked) if encoder.grounds else None
    seen = see_all(encoder, held, CHANGES if changed else {}, finder, tell)
    pictures = seen[AS_IT_IS].vectors
    whole, fitted = Whole(texts, pictures), None
    if finder is not None and finder.cells is not None:
        fitted = Fitted(encoder, texts, pictures, finder.cells.all())
    retrieval = [_recalled(held, scorer, tell) if scorer else {} for scorer in (whole, fitted)]
    report.sections["retrieval"] = Section(f"Retrieval among {len(held):,}", _lines(*retrieval))
    right = answer(asked, whole)
    plain, kept = by_family(asked, right, False), by_family(asked, right, True)
    fit = by_family(asked, answer(asked, fitted), False) if fitted else {}
    report.sections["attributes"] = Section("One of several texts", _ordered(plain, kept, fit, commonest(asked)))
    false = [false_captions(held.items, scorer) if scorer else {} for scorer in (whole, fitted)]
    report.sections["false_captions"] = Section("True before false caption", _lines(*false))
    if finder is not None:
        report.sections["cells"] = Section("One of several phrases", _lines(answers(finder.chosen)))
        report.sections["grounding"] = Section("Where a phrase's part is", _lines(figures(finder.found)))
    else:
        report.notes.append("The encoder does not ground: it was not asked where things are.")
    if changed:
        retell = {name: change.retell for name, change in CHANGES.items()}
        grey = frozenset(name for name, change in CHANGES.items() if not change.coloured)
        report.states["Changed pictures"] = compare(held.items, asked, seen, texts, retell, grey)
    report.seconds = time.monotonic() - begun
    return Evaluated(report, seen, asked, texts)


def _recalled(held: HeldOut, scorer: Scorer, tell: Tell) -> dict[str, Figure]:
    """Recalls of all kinds of captions."""
    found = {}
    for kind, say in KINDS.items():
        tell(f"retrieval: {kind}")
        found |= {f"{kind}: {name}": figure for name, figure in recalls(told(held.items, say), scorer).items()}
    return found


def _lines(figures: Mapping[str, Figure], fit: Mapping[str, Figure] = MappingProxyType({})) -> list[Line]:
    return [Line(name, figure, fit=fit.get(name)) for name, figure in figures.items()]


def _ordered(
    plain: Mapping[str, Figure], kept: Mapping[str, Figure], fit: Mapping[str, Figure], common: Mapping[str, float]
) -> list[Line]:
    """Rows of questions, those that belong together beside each other."""

    def place(name: str) -> tuple[int, bool, str]:
        first = next((i for i, start in enumerate(ORDER) if name.startswith(start)), len(ORDER))
        return first, name != ORDER[first] if first < len(ORDER) else True, name

    names = sorted(plain, key=place)
    return [Line(name, plain[name], kept.get(name), fit.get(name), common.get(name)) for name in names]
