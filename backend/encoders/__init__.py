"""Text and vision-language encoders behind one interface."""

from .base import TextEncoder
from .factory import ENCODERS, load_encoder, present_encoders

__all__ = ["ENCODERS", "TextEncoder", "load_encoder", "present_encoders"]
