"""MakeHuman's macro parameters: bodies of adults as products of the parameters' coefficients (multilinear)."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace

import numpy as np

from .source import Source

GENDERS = ("male", "female")
AGES = ("young", "old")
MUSCLE = ("minmuscle", "averagemuscle", "maxmuscle")
WEIGHT = ("minweight", "averageweight", "maxweight")
HEIGHT = ("minheight", "maxheight")
PROPORTIONS = ("uncommonproportions", "idealproportions")
RACES = ("african", "asian", "caucasian")
CUP = ("mincup", "averagecup", "maxcup")
FIRMNESS = ("minfirmness", "averagefirmness", "maxfirmness")


PEOPLE = 1200
"""Sampled adults whose mean is the neutral body."""


@dataclass(frozen=True)
class Phenotype:
    """One adult. Every number lies in 0..1; the middle of a range is its average."""

    gender: float = 0.5
    """0 male, 1 female."""
    age: float = 0.35
    """0 young adult, 1 old."""
    muscle: float = 0.5
    weight: float = 0.5
    height: float = 0.41
    proportions: float = 0.5
    """0 uncommon, 1 ideal."""
    cup: float = 0.5
    firmness: float = 0.5
    race: tuple[float, float, float] = (1 / 3, 1 / 3, 1 / 3)
    """Shares of MakeHuman's three sets of features; they sum to 1."""
    fat: float = 0.0
    """How much of the extra fat on limbs and belly that MakeHuman's own weight parameter lacks."""
    extra: dict[str, float] = field(default_factory=dict)
    """Detail target -> amount."""


def sample(rng: np.random.Generator) -> Phenotype:
    """A random adult: sexes bimodal with some in between, ages mostly young, all features mixed."""
    gender = rng.beta(0.35, 0.35)
    heavy = rng.uniform(0, 1)
    return Phenotype(
        fat=max(0.0, heavy - 0.45) * 1.6 * rng.uniform(0.4, 1),
        gender=gender,
        age=rng.beta(1.2, 2.2),
        muscle=float(np.clip(rng.uniform(0, 0.9) + 0.1 * (0.5 - gender), 0, 1)),
        weight=heavy,
        height=float(np.clip(rng.normal(0.42 if gender < 0.5 else 0.40, 0.075), 0, 1)),
        proportions=1 - rng.uniform(0.2, 0.8),
        cup=float(np.clip(rng.normal(0.5, 0.2), 0, 1)),
        firmness=rng.uniform(0.2, 0.8),
        race=tuple(rng.dirichlet([1, 1, 1])),
    )


FAT = {
    "stomach/stomach-tone-decr": 1.0,
    "torso/torso-scale-depth-incr": 0.6,
    "hip/hip-scale-horiz-incr": 0.5,
    "buttocks/buttocks-volume-incr": 0.5,
    **{f"legs/{s}-upperleg-fat-incr": 0.8 for s in "lr"},
    **{f"legs/{s}-lowerleg-fat-incr": 0.6 for s in "lr"},
    **{f"arms/{s}-upperarm-fat-incr": 0.8 for s in "lr"},
    **{f"arms/{s}-lowerarm-fat-incr": 0.6 for s in "lr"},
}
"""Detail targets that together are one unit of `Phenotype.fat`."""


class Phenotypes:
    """Meshes for phenotypes: base mesh plus the sum of macro targets, each times the product of its coefficients."""

    def __init__(self, source: Source, base: np.ndarray) -> None:
        self.source = source
        self.base = base
        self._keys: list[tuple[str, ...]] = []
        targets = []
        for name, key in _macro_targets():
            path = f"mpfb2/targets/{name}.target.gz"
            if path in source:
                targets.append(source.target(path, len(base)))
                self._keys.append(key)
        self._targets = np.stack(targets)
        self._details: dict[str, np.ndarray] = {}

    def detail(self, name: str) -> np.ndarray:
        """(N, 3) displacement of a detail target such as `torso/torso-vshape-incr`."""
        if name not in self._details:
            self._details[name] = self.source.target(f"mpfb2/targets/{name}.target.gz", len(self.base))
        return self._details[name]

    def mesh(self, person: Phenotype) -> np.ndarray:
        """(N, 3) all vertices of MakeHuman's mesh in its A-pose, metres."""
        table = _coefficients(person)
        products = np.array([np.prod([table[k] for k in key]) for key in self._keys], np.float32)
        used = np.nonzero(products)[0]
        vertices = self.base + np.einsum("k,kvd->vd", products[used], self._targets[used])
        for name, share in FAT.items():
            if person.fat:
                vertices = vertices + person.fat * share * self.detail(name)
        for name, amount in person.extra.items():
            vertices = vertices + amount * self.detail(name)
        return vertices


def with_gender(person: Phenotype, gender: float) -> Phenotype:
    """The same person as a man (0) or a woman (1)."""
    return replace(person, gender=gender)


def _macro_targets() -> list[tuple[str, tuple[str, ...]]]:
    out = []
    for g, a in itertools.product(GENDERS, AGES):
        out += [(f"macrodetails/{r}-{g}-{a}", (r, g, a)) for r in RACES]
        for m, w in itertools.product(MUSCLE, WEIGHT):
            out.append((f"macrodetails/universal-{g}-{a}-{m}-{w}", (g, a, m, w)))
            for folder, values in (("height", HEIGHT), ("proportions", PROPORTIONS)):
                out += [(f"macrodetails/{folder}/{g}-{a}-{m}-{w}-{x}", (g, a, m, w, x)) for x in values]
            if g == "female":
                out += [
                    (f"breast/{g}-{a}-{m}-{w}-{c}-{f}", (g, a, m, w, c, f))
                    for c, f in itertools.product(CUP, FIRMNESS)
                ]
    return out


def _three(x: float) -> tuple[float, float, float]:
    """Piecewise linear coefficients of minimum, average, maximum."""
    return max(0.0, 1 - 2 * x), 1 - abs(2 * x - 1), max(0.0, 2 * x - 1)


def _coefficients(p: Phenotype) -> dict[str, float]:
    pairs = (
        (GENDERS, (1 - p.gender, p.gender)),
        (AGES, (1 - p.age, p.age)),
        (MUSCLE, _three(p.muscle)),
        (WEIGHT, _three(p.weight)),
        (HEIGHT, (1 - p.height, p.height)),
        (PROPORTIONS, (1 - p.proportions, p.proportions)),
        (CUP, _three(p.cup)),
        (FIRMNESS, _three(p.firmness)),
        (RACES, p.race),
    )
    return {name: float(value) for names, values in pairs for name, value in zip(names, values, strict=True)}
