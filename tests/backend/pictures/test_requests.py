"""Requests of pictures: what is refused, and the way to another machine and back."""

import dataclasses
import json

import pytest
from impromptu.backend.commands.render import add_arguments, request_of
from impromptu.backend.pictures.options import field_help
from impromptu.backend.pictures.requests import (
    KINDS,
    CaptionsRequest,
    FramesRequest,
    ShapesRequest,
    from_json,
    to_json,
)
from impromptu.backend.protocol import InvalidInput


def parsed(*argv):
    import argparse

    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return request_of(parser.parse_args([*argv, "-o", "out"]))


@pytest.mark.parametrize(
    ("kind", "wrong", "said"),
    [
        (FramesRequest, {"count": -1}, "count"),
        (FramesRequest, {"size": 4}, "size"),
        (FramesRequest, {"size": 10_000}, "size"),
        (FramesRequest, {"seed": -1}, "seed"),
        (FramesRequest, {"views": 0}, "views"),
        (FramesRequest, {"format": "gif"}, "gif"),
        (FramesRequest, {"engine": "povray"}, "povray"),
        (FramesRequest, {"denoiser": "magic"}, "magic"),
        (FramesRequest, {"engine": "workbench", "denoiser": "oidn"}, "workbench"),
        (FramesRequest, {"engine": "raster", "denoiser": "oidn"}, "raster"),
        (FramesRequest, {"engine": "raster", "device": "cuda"}, "raster"),
        (FramesRequest, {"device": "abacus"}, "abacus"),
        (FramesRequest, {"samples": 0}, "samples"),
        (FramesRequest, {"spread": 181.0}, "spread"),
        (FramesRequest, {"elevation": 90.0}, "elevation"),
        (FramesRequest, {"azimuth": float("nan")}, "azimuth"),
        (FramesRequest, {"fov": 1.0}, "field of view"),
        (FramesRequest, {"window": 0}, "window"),
        (FramesRequest, {"betas": (("stature", 99.0),)}, "beta"),
        (ShapesRequest, {"what": "noses"}, "noses"),
        (ShapesRequest, {"views": 5}, "views"),
        (ShapesRequest, {"limit": -1.0}, "limit"),
        (ShapesRequest, {"distance": 0.0}, "distance"),
        (ShapesRequest, {"components": 0}, "components"),
        (CaptionsRequest, {"split": "dev"}, "dev"),
        (CaptionsRequest, {"captions": 0}, "captions"),
        (CaptionsRequest, {"negatives": -1}, "negatives"),
        (CaptionsRequest, {"views": 2}, "view"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence_with_a_hint(kind, wrong, said):
    with pytest.raises(InvalidInput, match=said) as caught:
        kind(**wrong)
    assert caught.value.message.endswith(".")
    assert caught.value.hint.endswith(".")


@pytest.mark.parametrize(
    "request_",
    [
        FramesRequest(library=("a", "b"), betas=(("stature", 1.5),), engine="raster", count=7),
        ShapesRequest(what="expressions", plain=True),
        CaptionsRequest(split="test", parts=True),
    ],
)
def test_a_request_comes_back_from_json_as_it_was(request_):
    assert from_json(json.loads(json.dumps(to_json(request_)))) == request_


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"kind": "films"},
        {"kind": "frames", "colour": "red"},
        {"kind": "frames", "size": "large"},
        {"kind": "frames", "size": True},
        {"kind": "frames", "engine": "povray"},
    ],
)
def test_json_that_is_no_request_is_refused(value):
    with pytest.raises(InvalidInput):
        from_json(value)


def test_every_field_explains_itself_and_is_an_option():
    for kind in KINDS.values():
        words = field_help(kind)
        assert {f.name for f in dataclasses.fields(kind)} <= set(words)
        assert all(words.values())
    assert field_help(ShapesRequest)["views"] != field_help(FramesRequest)["views"]


def test_the_command_line_has_the_defaults_of_the_request_and_takes_every_type():
    assert parsed("frames") == FramesRequest()
    assert parsed("shapes") == ShapesRequest()
    assert parsed("captions") == CaptionsRequest()
    given = parsed(
        "frames", "--library", "a", "b", "--betas", "stature=1", "--fov", "40", "--engine", "raster", "--parts"
    )
    wanted = FramesRequest(library=("a", "b"), betas=(("stature", 1.0),), fov=40.0, engine="raster", parts=True)
    assert given == wanted
