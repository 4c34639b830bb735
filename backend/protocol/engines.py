"""What Blender takes pictures with: chosen where pictures are asked for, applied inside Blender."""

from __future__ import annotations

from dataclasses import dataclass

from .errors import InvalidInput

BLENDER_ENGINES = ("cycles", "workbench", "eevee")
DENOISERS = ("none", "oidn", "optix")
DEVICES = ("cpu", "auto", "cuda", "optix", "hip", "metal", "oneapi")
MOST_SAMPLES, MOST_THREADS = 65_536, 1024


@dataclass(frozen=True)
class EngineOptions:
    """How Blender renders a picture; the defaults suit 224 x 224 on a processor, see `docs/rendering.md`."""

    engine: str = "cycles"
    """`cycles` (light as it falls), `workbench` (a light of its own from above the camera, no shadows, no floor:
    quick) or `eevee` (for graphics cards); the last two need a graphics driver."""
    samples: int = 16
    """Rays a pixel of Cycles, samples a pixel of EEVEE; Workbench takes four, always."""
    denoiser: str = "none"
    """Of Cycles: `none`, `oidn` (on the processor) or `optix` (on NVIDIA's cards)."""
    device: str = "cpu"
    """What Cycles computes on: `cpu`, a kind of graphics card, or `auto`, the fastest kind that is there. Pictures
    of one device differ from those of another in their noise."""
    threads: int = 0
    """Of the processor; 0 takes one for each of its cores. Pictures do not depend on it."""

    def __post_init__(self) -> None:
        for what, value, choices in (
            ("engine of Blender's", self.engine, BLENDER_ENGINES),
            ("denoiser", self.denoiser, DENOISERS),
            ("device", self.device, DEVICES),
        ):
            if value not in choices:
                raise InvalidInput(f"There is no {what} called {value!r}.", f"Use one of {', '.join(choices)}.")
        if not 1 <= self.samples <= MOST_SAMPLES:
            raise InvalidInput(f"{self.samples} samples a pixel cannot be made.", f"Use 1 to {MOST_SAMPLES:,}.")
        if not 0 <= self.threads <= MOST_THREADS:
            raise InvalidInput(
                f"{self.threads} threads cannot be used.", f"Use 0, one a core, or 1 to {MOST_THREADS:,}."
            )
        if self.denoiser != "none" and self.engine != "cycles":
            raise InvalidInput(f"The engine {self.engine} has no denoiser.", "Leave the denoiser out, or use cycles.")
