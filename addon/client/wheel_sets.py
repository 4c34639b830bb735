"""The pinned wheels of the backend's environment, by platform and device."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).with_name("wheel_sets.json")


@lru_cache(maxsize=1)
def load_data() -> dict[str, Any]:
    """`wheel_sets.json`."""
    return json.loads(DATA.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class WheelSet:
    """What to install for one platform and device."""

    key: str
    """`linux-cpu`, `darwin-mps` ..."""
    built: str
    """The key of the build that the index has: the registry's one under Linux is CUDA's, whatever is asked."""
    first: tuple[str, ...]
    """Requirements that are installed before the others, by themselves: torch, from its own index."""
    first_with_dependencies: bool
    """The first ones bring packages that only their own index has."""
    packages: tuple[str, ...]
    """The other requirements that the backend states."""
    pins: tuple[str, ...]
    """Every package that may come with them, as `name==version`."""
    index: str
    """Where the first ones come from; empty: the registry that pip is set up for."""
    sizes: dict[str, int]
    """Bytes of each wheel."""
    disk_bytes: int
    """What the environment takes on disk when it is done."""
    estimated: bool
    """The sizes are guesses: they could not be measured."""
    pip: str
    imports: tuple[str, ...]
    """Modules that must import for the backend to work."""

    @property
    def download_bytes(self) -> int:
        """Bytes of all wheels together."""
        return sum(self.sizes.values())

    @property
    def stamp(self) -> str:
        """Changes when an update of the extension wants other wheels."""
        parts = [self.key, *self.first, *self.packages, *sorted(self.pins)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def wheel_set(system: str, device: str, index: str | None = None) -> WheelSet:
    """The wheels for a platform and a device that `probe.offered` names.

    Args:
        system: `linux`, `windows` or `darwin`.
        device: `cpu`, `cuda`, `rocm` or `mps`.
        index: where torch comes from instead; empty: the registry that pip is set up for.
    """
    data, key = load_data(), f"{system}-{device}"
    built = key if index is None else _build_of(index, key)
    versions: dict[str, str] = {}
    sizes: dict[str, int] = {}
    for name, (version, measured) in data["wheels"].items():
        # A package that has no size for this platform is not part of its set.
        if any(where in measured for where in (key, system, "any")):
            versions[name] = version
        found = [measured[where] for where in (built, system, "any") if where in measured]
        if found:
            sizes[name] = found[0]
    first = tuple(data["first"])
    return WheelSet(
        key=key,
        built=built,
        first=tuple(f"{n}=={versions[n]}" for n in first),
        first_with_dependencies=key in data["first_with_dependencies"],
        packages=tuple(f"{n}=={versions[n]}" for n in data["packages"]),
        pins=tuple(f"{n}=={v}" for n, v in versions.items() if n not in first),
        index=data["indexes"][key] if index is None else index,
        sizes=sizes,
        disk_bytes=data["disk"][built],
        estimated=built in data["estimated"] or (bool(index) and index != data["indexes"][key]),
        pip=data["pip"],
        imports=tuple(data["imports"]),
    )


def _build_of(index: str, key: str) -> str:
    """The key of the build that an index has for a key's platform; an address is taken to have the one asked for."""
    indexes = load_data()["indexes"]
    if index or not indexes[key]:
        return key
    system = key.partition("-")[0]
    # The registry has one build a system: that of the key which is installed from there.
    return next((k for k, where in indexes.items() if k.startswith(f"{system}-") and not where), key)


def supported_python(version: tuple[int, ...]) -> bool:
    """Whether the pinned wheels exist for a version of Python."""
    low, high = load_data()["python"]
    return tuple(low) <= version[:2] <= tuple(high)


def python_range() -> str:
    """Such as `3.11 to 3.13`."""
    low, high = load_data()["python"]
    return f"{'.'.join(map(str, low))} to {'.'.join(map(str, high))}"


def megabytes(count: float) -> str:
    """Bytes for people: `398 MB`, `2.9 GB`."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{max(1, round(count / 1e6))} MB" if count else "nothing"
