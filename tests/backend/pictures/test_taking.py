"""Taking is a function of the request and the indices."""

import hashlib
import io

import numpy as np
import pytest
from impromptu.backend.pictures.engines import open_engine
from impromptu.backend.pictures.local import processes_for
from impromptu.backend.pictures.requests import CaptionsRequest, FramesRequest, ShapesRequest
from impromptu.backend.pictures.taking import encode_parts, encode_picture, fingerprint, plan_of, take
from impromptu.backend.protocol import JobCancelled
from PIL import Image


def taken(request, indices):
    engine = open_engine(request)
    try:
        return {t.index: t for t in take(request, indices, engine)}
    finally:
        engine.close()


@pytest.mark.parametrize(
    "request_",
    [
        FramesRequest(engine="raster", size=64, parts=True),
        CaptionsRequest(size=64, parts=True),
        ShapesRequest(engine="raster", size=64, what="expressions"),
    ],
    ids=lambda r: r.kind,
)
def test_the_same_bytes_however_a_set_is_divided(request_):
    whole = taken(request_, range(18))
    assert list(whole) == list(range(18))
    for part in ([17], [3, 2], [0, 5, 9, 16]):
        assert list(taken(request_, part).values()) == [whole[i] for i in part]


def test_a_row_says_what_belongs_to_it():
    request = CaptionsRequest(size=64, parts=True)
    one = taken(request, [4])[4]
    assert one.row["index"] == 4
    assert one.row["file"] == "pictures/000/000004.png"
    assert one.row["sha256"] == hashlib.sha256(one.picture).hexdigest()
    assert one.row["parts_sha256"] == hashlib.sha256(one.parts).hexdigest()
    assert one.row["engine"] == {"name": "raster", "size": 64}
    assert np.shape(one.row["camera"]["rotation"]) == (3, 3)
    with Image.open(io.BytesIO(one.picture)) as picture:
        assert picture.size == (64, 64)
        assert np.asarray(picture.convert("RGB")).std() > 5


def test_a_map_of_parts_keeps_its_numbers():
    parts = np.arange(256, dtype=np.uint8).reshape(16, 16)
    with Image.open(io.BytesIO(encode_parts(parts))) as image:
        assert image.mode == "P"
        np.testing.assert_array_equal(np.asarray(image), parts)
        palette = np.array(image.getpalette()).reshape(-1, 3)
    assert (palette[255] == 255).all()
    assert len({tuple(c) for c in palette[:23].tolist()}) == 23


def test_pictures_are_of_the_format_that_is_wanted():
    picture = np.random.default_rng(0).integers(0, 255, (8, 8, 3), dtype=np.uint8)
    with Image.open(io.BytesIO(encode_picture(picture, "png"))) as image:
        np.testing.assert_array_equal(np.asarray(image), picture)
    with Image.open(io.BytesIO(encode_picture(picture, "jpg"))) as image:
        assert image.format == "JPEG"


def test_captions_speak_of_what_is_seen():
    request = CaptionsRequest(size=96, captions=4, negatives=2)
    for one in taken(request, range(6)).values():
        row = one.row
        assert 1 <= len(row["captions"]) <= 4
        assert len(row["negatives"]) <= 2
        true = {c["text"] for c in row["captions"]}
        assert len(true) == len(row["captions"])
        assert not true & {n["text"] for n in row["negatives"]}


def test_the_two_splits_share_no_picture():
    train, test = (plan_of(CaptionsRequest(split=s)).rows(range(20)) for s in ("train", "test"))
    assert not {str(r["person"]) for r in train} & {str(r["person"]) for r in test}


def test_a_fingerprint_changes_with_what_pictures_depend_on():
    sums = [
        fingerprint(FramesRequest(body=body, seed=seed))
        for body, seed in (("neutral", 0), ("male", 0), ("neutral", 1))
    ]
    assert len(set(sums)) == 3
    assert fingerprint(FramesRequest(count=7)) == sums[0]


def test_a_cancel_ends_the_work():
    request = FramesRequest(engine="raster", size=32)
    calls = []

    def check():
        calls.append(1)
        if len(calls) > 3:
            raise JobCancelled("Cancelled.")

    with pytest.raises(JobCancelled):
        list(take(request, range(100), open_engine(request), check))
    assert len(calls) == 4


def test_more_processes_are_for_many_pictures_of_our_own_engine():
    assert processes_for(FramesRequest(engine="raster"), 10) == 1
    assert processes_for(FramesRequest(engine="cycles"), 10_000) == 1
    assert 1 <= processes_for(FramesRequest(engine="raster"), 10_000) <= 16
