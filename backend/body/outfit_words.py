"""Garment colours that a prompt names: "a red shirt and blue jeans" recolours the default outfit at once.

Only the plain, painted outfit of the preview; a look that is sculpted and textured from text is another matter.
"""

from __future__ import annotations

import re

COLOURS = {
    "red": "#b3261e",
    "crimson": "#990f26",
    "orange": "#d9711c",
    "yellow": "#e3b62b",
    "gold": "#b98a2f",
    "golden": "#b98a2f",
    "green": "#2f7d3b",
    "olive": "#6b6b2e",
    "turquoise": "#2a9d96",
    "teal": "#1f6f70",
    "blue": "#2456a6",
    "navy": "#1b2a4e",
    "purple": "#6a3b8c",
    "violet": "#6a3b8c",
    "pink": "#d8799f",
    "magenta": "#b0307f",
    "brown": "#6b452b",
    "beige": "#cdb894",
    "tan": "#b58e63",
    "khaki": "#9b8c62",
    "white": "#ecebe6",
    "grey": "#7d8084",
    "gray": "#7d8084",
    "silver": "#b4b8bd",
    "black": "#1d1e20",
    "blond": "#b8934f",
    "blonde": "#b8934f",
    "ginger": "#9c4a1f",
}
DENIM = "#34507c"
GREY_HAIR = "#b5b2ac"
_GARMENTS = {
    "shirt": ("shirt",),
    "t-shirt": ("shirt",),
    "tshirt": ("shirt",),
    "top": ("shirt",),
    "blouse": ("shirt",),
    "sweater": ("shirt",),
    "pullover": ("shirt",),
    "hoodie": ("shirt",),
    "jacket": ("shirt",),
    "coat": ("shirt",),
    "vest": ("shirt",),
    "jeans": ("trousers",),
    "pants": ("trousers",),
    "trousers": ("trousers",),
    "leggings": ("trousers",),
    "suit": ("shirt", "trousers"),
    "uniform": ("shirt", "trousers"),
    "overall": ("shirt", "trousers"),
    "clothes": ("shirt", "trousers"),
    "tracksuit": ("shirt", "trousers"),
    "shoes": ("shoes",),
    "sneakers": ("shoes",),
    "trainers": ("shoes",),
    "boots": ("shoes",),
    "hair": ("hair",),
    "haired": ("hair",),
}
_SHADES = {"dark": 0.55, "light": 1.35, "bright": 1.15, "pale": 1.3}
_PHRASE = re.compile(
    rf"\b(?:({'|'.join(_SHADES)})[ -])?({'|'.join(COLOURS)})[ -](?:\w+[ -])?({'|'.join(_GARMENTS)})\b", re.IGNORECASE
)


def shaded(code: str, factor: float) -> str:
    """A hex colour with its channels scaled."""
    channels = (min(255, round(int(code[i : i + 2], 16) * factor)) for i in (1, 3, 5))
    return "#" + "".join(f"{c:02x}" for c in channels)


def read_outfit(prompt: str) -> dict[str, str]:
    """Parts of the outfit (shirt, trousers, shoes, hair) and their sRGB hex colours; empty where none is named."""
    found: dict[str, str] = {}
    for shade, colour, garment in _PHRASE.findall(prompt.lower()):
        # A person's red hair is ginger.
        named = "ginger" if colour == "red" and garment in ("hair", "haired") else colour
        code = shaded(COLOURS[named], _SHADES.get(shade, 1.0))
        for part in _GARMENTS[garment]:
            found[part] = code
    if re.search(r"\bjeans\b", prompt.lower()) and found.get("trousers", COLOURS["blue"]) == COLOURS["blue"]:
        found["trousers"] = DENIM
    if re.search(r"\b(old|elderly|aged|grandfather|grandpa|grandmother|grandma)\b", prompt.lower()):
        found.setdefault("hair", GREY_HAIR)
    return found
