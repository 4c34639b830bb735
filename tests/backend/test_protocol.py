"""Messages and requests: what passes, what does not, and how it is said."""

import json

import pytest
from impromptu.backend import protocol
from impromptu.backend.protocol import Decoder, InvalidInput, encode, from_params, from_wire, to_params, to_wire
from impromptu.backend.protocol.wire import MAX_LINE


def test_a_message_survives_any_cut():
    sent = encode("progress", id="ä\ud800", stage="x", step=1, total=2, eta_s=None) + encode("shutdown")
    for size in (1, 7, 1000):
        decoder = Decoder()
        got = [m for i in range(0, len(sent), size) for m in decoder.feed(sent[i : i + size])]
        assert [m["type"] for m in got] == ["progress", "shutdown"]
        assert got[0]["id"] == "ä\ud800"
        assert decoder.garbage_count == 0


@pytest.mark.parametrize(
    "line",
    [b"{", b"[]", b"null", b'{"type": 1}', b'{"type": "dance"}', b'{"type": "cancel"}',
     b'{"type": "cancel", "id": []}', b'{"type": "hello", "protocol": "1"}',
     b"[" * 100_000, b"\xff\xfe", b"9" * 5000],
)  # fmt: skip
def test_what_is_no_message_is_counted_and_the_next_is_read(line):
    decoder = Decoder()
    assert decoder.feed(line + b"\n" + encode("shutdown")) == [{"type": "shutdown"}]
    assert decoder.garbage_count == 1


def test_a_line_without_end_costs_no_memory():
    decoder = Decoder()
    for _ in range(5):
        assert decoder.feed(b"x" * MAX_LINE) == []
    assert decoder.feed(b"\n" + encode("shutdown")) == [{"type": "shutdown"}]
    assert decoder.garbage_count == 1


def test_our_own_mistakes_are_not_sent():
    with pytest.raises(ValueError, match="lacks"):
        encode("cancel")
    with pytest.raises(ValueError, match="file in the job's folder"):
        encode("result", id="a", files={}, metrics={"all": "x" * MAX_LINE})
    with pytest.raises(ValueError, match="JSON"):
        encode("result", id="a", files={}, metrics={"loss": float("nan")})


@pytest.mark.parametrize(
    ("kind", "params"),
    [("act", {"prompt": "walk", "betas": [["stature", 1.5]], "seconds": 2, "variants": 3, "seed": 7,
              "kept_body": "male", "kept_betas": [["0", 1.5]]}),
     ("write", {"prompt": "walk", "outputs": ["a.npz"]}), ("find", {"prompt": "walk", "thumbnails": False}),
     ("body", {"body": "male"}), ("import", {"path": "a.bvh"}), ("match", {"skeleton": "a.json"}), ("check", {})],
)  # fmt: skip
def test_a_request_survives_the_wire(kind, params):
    request = from_params(kind, params)
    assert to_params(request) == params
    assert from_params(kind, json.loads(json.dumps(to_params(request)))) == request
    hash(request)


@pytest.mark.parametrize(
    ("kind", "params"),
    [("dance", {}), ("find", {}), ("find", {"prompt": 3}), ("find", {"prompt": "a", "top": 2.5}),
     ("find", {"prompt": "a", "top": True}), ("find", {"prompt": "a", "thumbnails": 1}), ("match", {}),
     ("import", {}), ("act", {"prompt": "a", "fps": 0}), ("act", {"prompt": "a", "fps": 10**400}),
     ("act", {"prompt": "a", "fps": float("nan")}), ("act", {"prompt": "a", "transition": float("nan")}),
     ("act", {"prompt": "a", "kept_body": "auto"}),
     ("act", {"prompt": "a", "kept_betas": [["0", 1]]}),
     ("act", {"prompt": "a", "kept_body": "male", "kept_betas": [["0", 11]]}),
     ("act", {"prompt": "a", "outputs": [3]}), ("act", {"prompt": "a", "outputs": "a.npz"}),
     ("body", {"betas": [1]}), ("body", {"betas": [["stature", "x"]]}), ("body", {"betas": [["stature", 11]]}),
     ("import", {"path": "a", "betas": [["s", float("inf")]]}), ("body", {"wings": 1})],
)  # fmt: skip
def test_a_bad_request_is_refused_in_words_that_a_panel_can_show(kind, params):
    with pytest.raises(InvalidInput) as caught:
        from_params(kind, params)
    assert caught.value.message.endswith(".")
    assert caught.value.hint.endswith((".", "?"))
    assert "--" not in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("code", protocol.CODES)
def test_an_error_keeps_its_code(code):
    error = from_wire({"code": code, "message": "No.", "hint": "Do."})
    assert to_wire(error) == {"code": code, "message": "No.", "hint": "Do."}


def test_any_exception_becomes_a_short_sentence():
    said = to_wire(ValueError("first\nlast line." + "x" * 10_000))
    assert said["code"] == "internal"
    assert len(said["message"]) < 2100
    assert to_wire(ValueError("It is wrong."))["message"] == "ValueError: It is wrong."


def test_a_file_name_that_is_no_utf8_can_be_shown():
    error = from_wire(to_wire(InvalidInput("There is no \udcff.wav.", "Rename \ud800.")))
    assert str(error).encode() == b"There is no ?.wav. Rename ?."
