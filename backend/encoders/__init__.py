"""Text and vision-language encoders behind one interface."""

from .base import EncoderOptions, JointEncoder, TextEncoder
from .factory import ENCODERS, load_encoder, load_joint_encoder, loaded_encoders, present_encoders, release

__all__ = [
    "ENCODERS",
    "EncoderOptions",
    "JointEncoder",
    "TextEncoder",
    "load_encoder",
    "load_joint_encoder",
    "loaded_encoders",
    "present_encoders",
    "release",
]
