"""What both sides of the pipe share: errors, requests and messages. Standard library only.

`errors` are failures that a person can act upon, `requests` what can be asked for, `engines` what Blender
renders with, `wire` how they travel.
"""

from .checks import MAX_PROMPT, check_betas, check_positive, check_prompt, check_suffix
from .engines import BLENDER_ENGINES, DENOISERS, DEVICES, EngineOptions
from .errors import (
    CODES,
    AssetsMissing,
    ImpromptuError,
    Incompatible,
    InvalidInput,
    JobCancelled,
    OutOfMemory,
    RuntimeMissing,
    from_wire,
    legible,
    to_wire,
)
from .fit import FINDERS, FIT_BODIES, FitRequest, parse_crop
from .motion import EDITS, MOTIONS, ClassifyRequest, EditRequest
from .requests import (
    ACTOR_FORMATS,
    BLENDER_FORMATS,
    KINDS,
    PREVIEW_FORMATS,
    ActRequest,
    BodyRequest,
    CheckRequest,
    FindRequest,
    ImportRequest,
    MatchRequest,
    ModelsRequest,
    PerformRequest,
    RetrieveRequest,
    from_params,
    parse_betas,
    to_params,
)
from .style import REGIONS, STARTS, StylizeRequest
from .wire import FIELDS, PROTOCOL_VERSION, Decoder, encode

__all__ = [
    "ACTOR_FORMATS",
    "BLENDER_ENGINES",
    "BLENDER_FORMATS",
    "CODES",
    "DENOISERS",
    "DEVICES",
    "EDITS",
    "FIELDS",
    "FINDERS",
    "FIT_BODIES",
    "KINDS",
    "MAX_PROMPT",
    "MOTIONS",
    "PREVIEW_FORMATS",
    "PROTOCOL_VERSION",
    "REGIONS",
    "STARTS",
    "ActRequest",
    "AssetsMissing",
    "BodyRequest",
    "CheckRequest",
    "ClassifyRequest",
    "Decoder",
    "EditRequest",
    "EngineOptions",
    "FindRequest",
    "FitRequest",
    "ImportRequest",
    "ImpromptuError",
    "Incompatible",
    "InvalidInput",
    "JobCancelled",
    "MatchRequest",
    "ModelsRequest",
    "OutOfMemory",
    "PerformRequest",
    "RetrieveRequest",
    "RuntimeMissing",
    "StylizeRequest",
    "check_betas",
    "check_positive",
    "check_prompt",
    "check_suffix",
    "encode",
    "from_params",
    "from_wire",
    "legible",
    "parse_betas",
    "parse_crop",
    "to_params",
    "to_wire",
]
