"""Words for garments: `a red and white striped t-shirt`, `black leather boots`, `a pair of blue jeans`."""

from __future__ import annotations

import re

from .colours import METALS
from .grammar import joined
from .spec import Garment
from .voice import Voice

NAMED_MATERIALS = frozenset(("leather", "denim", "wool", "silk", "steel", "brass", "straw"))
"""Materials that one may see: linen and velvet pass for cotton here."""
MATERIAL_SAID, DETAIL_SAID = 0.45, 0.4
"""How often a material, and the second colour of what has a tie, a ribbon or stripes, are named."""
Said = tuple[str, str, str]
"""What is said: family (`colour`, `action` ...), of what (a slot, or nothing), and the value."""
_PLURAL = (
    "shorts",
    "trousers",
    "pants",
    "jeans",
    "leggings",
    "shoes",
    "boots",
    "sandals",
    "socks",
    "gloves",
    "tights",
)


def options_of(kind: str, voice: Voice) -> tuple[str, ...]:
    """Wordings for a kind of garment, `{}` where its colour goes; made of its name where none are written down."""
    written = voice.tables["garments"].get(kind)
    if written:
        return written
    plural = kind.endswith(_PLURAL) or (kind.endswith("s") and not kind.endswith("ss"))
    return ("{} " + kind,) if plural else ("a {} " + kind,)


def colour_words(garment: Garment, voice: Voice, key: str) -> tuple[str, list[tuple[str, str]]]:
    """`red and white striped`, and (attribute, value) of what it says."""
    colour = voice.word("colours", garment.colour, f"colour {key}")
    said = [("colour", garment.colour)]
    pattern = voice.tables["patterns"].get(garment.pattern)
    if not pattern:
        return colour, said
    text = voice.pick(f"pattern {key}", pattern)
    said.append(("pattern", garment.pattern))
    if "{b}" in text:
        said.append(("second", garment.second))
    second = voice.word("colours", garment.second, f"second {key}")
    return text.replace("{a}", colour).replace("{b}", second), said


def garment_words(garment: Garment, slot: str, voice: Voice) -> tuple[str, list[Said]]:
    """One garment, and (family, slot, value) of what is said of it."""
    phrase = voice.pick(f"garment {slot}", options_of(garment.kind, voice))
    before, said = colour_words(garment, voice, slot)
    says = [("garment", slot, garment.kind), *((family, slot, value) for family, value in said)]
    material = garment.material
    told = material in METALS or (material in NAMED_MATERIALS and voice.chance(f"material {slot}") < MATERIAL_SAID)
    if told and not re.search(rf"{material}|knit|wool", phrase):
        before += " " + ("woollen" if material == "wool" else material)
        says.append(("material", slot, material))
    phrase = " ".join(phrase.replace("{}", before).split())
    details = voice.tables["details"].get(garment.kind, ())
    detailed = details and garment.second and garment.pattern == "plain"
    if detailed and voice.chance(f"detail {slot}") < DETAIL_SAID:
        detail = voice.pick(f"which {slot}", details)
        phrase += " with " + detail.replace("{}", voice.word("colours", garment.second, f"second {slot}"))
        says.append(("second", slot, garment.second))
    return phrase, says


def clothes(garments: tuple[Garment, ...], slots: tuple[str, ...], voice: Voice, most: int) -> tuple[str, list[Said]]:
    """Some of the garments that are seen, the outermost and largest first; and what is said of them."""
    if not garments:
        return "", []
    count = min(len(garments), 1 + int(voice.chance("how many garments") * most)) if most < 6 else len(garments)
    order = list(range(len(garments)))
    if count < len(garments):
        # Small ones too: whoever only ever hears of tops and trousers never learns shoes.
        order.sort(key=lambda i: voice.chance(f"mention {slots[i]}") ** (1.0 + 0.5 / (1 + i)))
    chosen = sorted(order[:count])
    told: list[str] = []
    says: list[Said] = []
    under = -1
    if "outer" in slots and "top" in slots and voice.chance("over") < 0.5:
        outer, top = slots.index("outer"), slots.index("top")
        under = top if outer in chosen and top in chosen else -1
    for i in chosen:
        if i == under:
            continue
        phrase, said = garment_words(garments[i], slots[i], voice)
        says += said
        if slots[i] == "outer" and under >= 0:
            beneath, said = garment_words(garments[under], "top", voice)
            phrase, says = f"{phrase} over {beneath}", says + said
        told.append(phrase)
    return joined(told), says
