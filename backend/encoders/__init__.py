"""Text and vision-language encoders behind one interface."""

from .base import TextEncoder
from .factory import ENCODERS, load_encoder, loaded_encoders, present_encoders, release

__all__ = ["ENCODERS", "TextEncoder", "load_encoder", "loaded_encoders", "present_encoders", "release"]
