"""What an evaluation found, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..guidance.command import show
from .intervals import Figure

NAME, HEAD = 52, f"{'':52}{'%':>6}  {'95 % interval':13}{'n':>8}{'chance':>8}"


@dataclass(frozen=True)
class Line:
    """One row."""

    name: str
    figure: Figure
    kept: Figure | None = None
    """The same, said in words that training never says."""
    fit: Figure | None = None
    """The same, with phrases looked for by themselves too."""
    common: float | None = None
    """What somebody has right who always says the most common answer."""

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        row = {"name": self.name, **self.figure.to_json()}
        if self.kept:
            row["kept_words"] = self.kept.to_json()
        if self.fit:
            row["fit"] = self.fit.to_json()
        if self.common is not None:
            row["commonest"] = round(self.common, 4)
        return row

    def text(self) -> str:
        """One line."""
        more = f"{_percent(self.common):>8}" if self.common is not None else ""
        if self.fit:
            more = f"{more:8}  {_percent(self.fit.value):>6}  {_range(self.fit):13}"
        if self.kept:
            k = self.kept
            more = f"{more:{31 if self.fit else 8}}  {_percent(k.value):>6}  {_range(k):13}{k.n:>6,}"
        return f"  {self.name:{NAME - 2}}{_cells(self.figure)}{more}".rstrip()


@dataclass(frozen=True)
class Section:
    """Rows of one kind."""

    title: str
    lines: Sequence[Line]

    def text(self) -> str:
        """Title and rows."""
        head = f"{self.title:{NAME}}{HEAD[NAME:]}"
        if any(line.common is not None for line in self.lines):
            head += f"{'always':>8}"
        if any(line.fit for line in self.lines):
            head = f"{head:{len(HEAD) + 8}}{'phrases too, 95 %':>23}"
        if any(line.kept for line in self.lines):
            head += "    new words, 95 %         n"
        return "\n".join([head, *(line.text() for line in self.lines)])


@dataclass
class Report:
    """All sections."""

    about: dict[str, Any]
    """Of the encoder and the set."""
    sections: dict[str, Section] = field(default_factory=dict)
    states: dict[str, dict[str, dict[str, Figure]]] = field(default_factory=dict)
    """Title -> state of the pictures -> row -> figure."""
    guidance: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """As JSON values; shares are of 1."""
        return {
            **self.about,
            "sections": {key: [line.to_json() for line in s.lines] for key, s in self.sections.items()},
            "states": {
                title: {state: {k: f.to_json() for k, f in row.items()} for state, row in rows.items()}
                for title, rows in self.states.items()
            },
            **({"guidance": self.guidance} if self.guidance else {}),
            "notes": self.notes,
            "seconds": round(self.seconds, 1),
        }

    def text(self) -> str:
        """The whole table."""
        a = self.about
        head = [
            f"Encoder {a['encoder']} ({a['digest'][:12]}) on {a['pictures']:,} pictures of {a['size']} pixels, "
            f"split {a['split']}, seed {a['seed']}.",
            "Per cent; ties count against; questions are asked in several wordings that training does not have. "
            "Intervals are over pictures, of which some are asked about more than once. "
            "always: who says the most common answer. phrases too: what a text names is also looked for by itself.",
        ]
        blocks = ["\n".join(head), *(section.text() for section in self.sections.values() if section.lines)]
        blocks += [_states(title, rows) for title, rows in self.states.items()]
        if self.guidance:
            blocks.append(f"Guidance\n{show(self.guidance)}")
        blocks += ["\n".join([*self.notes, f"{self.seconds:.0f} s."])]
        return "\n\n".join(blocks)


def _states(title: str, rows: Mapping[str, Mapping[str, Figure]]) -> str:
    """States of the pictures below each other, rows of the table beside each other."""
    columns = list(dict.fromkeys(name for row in rows.values() for name in row))
    first = next(iter(rows.values()))
    lines = [f"{title:{NAME - 8}}" + "".join(f"{c[:24]:>26}" for c in columns)]
    for state, row in rows.items():
        cells = [f"{_percent(row[c].value)}  {_range(row[c])}" if c in row else "" for c in columns]
        lines.append(f"  {state:{NAME - 10}}" + "".join(f"{cell:>26}" for cell in cells))
    sizes = [f"n {first[c].n:,}, chance {_percent(first[c].chance)}" if c in first else "" for c in columns]
    return "\n".join([*lines, f"{'':{NAME - 8}}" + "".join(f"{size:>26}" for size in sizes)])


def _cells(figure: Figure) -> str:
    value = _percent(figure.value) if figure.n else "-"
    return f"{value:>6}  {_range(figure):13}{figure.n:>8,}{_percent(figure.chance):>8}"


def _range(figure: Figure) -> str:
    return f"{_percent(figure.low)} to {_percent(figure.high)}" if figure.n else ""


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"
