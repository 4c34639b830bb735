"""The phrases of a text: the things that it names, each by itself."""

from __future__ import annotations

import re

_BETWEEN = re.compile(
    r"""[.,;:!?()"]+(?:\s|$) | \s[-\u2013\u2014]+\s |
    \b(?: and | with | in | on | of | at | against | before | behind | under | from | while | who | whose | that | as
    | wear(?:s|ing)? | clad | dressed | outfitted | sport(?:s|ing)? | has | have | having | is | are | be | can | seen
    | they | he | she | this | there | here | its | their | his | her )\b""",
    re.VERBOSE | re.IGNORECASE,
)
"""What stands between two things that a text names."""


def phrases_of(text: str) -> tuple[str, ...]:
    """Its phrases in their order, each once: "a woman in a red shirt" gives "a woman" and "a red shirt"."""
    found = (re.sub(r"\s+", " ", part).strip(" -'") for part in _BETWEEN.split(text))
    return tuple(dict.fromkeys(part for part in found if sum(c.isalnum() for c in part) > 1))
