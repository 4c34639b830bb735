"""What the fields of a request say of themselves, for the command line's help."""

from __future__ import annotations

import ast
import inspect
import sys
from functools import cache


def field_help(kind: type) -> dict[str, str]:
    """Name of a field -> the text that stands under it, its first letter small and without the last full stop.

    A class's own text wins over that of the class that it is made of.
    """
    found: dict[str, str] = {}
    for one in reversed(kind.__mro__[:-1]):
        found |= _of_module(one.__module__).get(one.__name__, {})
    return found


@cache
def _of_module(name: str) -> dict[str, dict[str, str]]:
    """Class -> field -> text, of a module's source."""
    classes = [n for n in ast.parse(inspect.getsource(sys.modules[name])).body if isinstance(n, ast.ClassDef)]
    return {c.name: _of_class(c) for c in classes}


def _of_class(node: ast.ClassDef) -> dict[str, str]:
    found = {}
    for field, text in zip(node.body, node.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
        ):
            words = " ".join(str(text.value.value).split()).replace("`", "").replace("%", "%%").rstrip(".")
            found[field.target.id] = words[0].lower() + words[1:]
    return found
