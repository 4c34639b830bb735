import numpy as np
import pytest
from impromptu.backend.motion.importers import import_file
from impromptu.backend.motion.importers.bvh import frame_rate, read_bvh, roots_of, source_of
from impromptu.backend.protocol import InvalidInput

SMALL = """HIERARCHY
ROOT Hips
{
  OFFSET 0 1 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT Left Leg
  {
    OFFSET 0 -1 0
    CHANNELS 3 Yrotation Zrotation Xrotation
    End Site
    {
      OFFSET 0 -1 0
    }
  }
}
MOTION
Frames: 2
Frame Time: 0.033333
1 2 3 90 0 0 0 0 90
1 2 3 0 90 0 45 0 0
"""


def written(tmp_path, text, mode="w"):
    path = tmp_path / "small.bvh"
    path.write_bytes(text) if mode == "wb" else path.write_text(text, newline="")
    return path


def test_values_and_hierarchy(tmp_path):
    bvh = read_bvh(written(tmp_path, SMALL))
    assert [j.name for j in bvh.joints] == ["Hips", "Left Leg"]
    assert [j.parent for j in bvh.joints] == [-1, 0]
    assert bvh.joints[1].end == (0, -1, 0)
    source = source_of(bvh)
    assert source.fps == 30
    rotations, places = source.pose()
    # 90 degrees about z turn the leg's offset -y into +x.
    np.testing.assert_allclose(places[0], [[1, 2, 3], [2, 2, 3]], atol=1e-9)
    np.testing.assert_allclose(rotations[0, 0] @ [1, 0, 0], [0, 1, 0], atol=1e-9)


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.replace("\n", "\r\n"),
        lambda t: t.replace("  ", "\t").replace(" ", "\t").replace("Left\tLeg", "Left Leg"),
        lambda t: t.replace("MOTION", "  MOTION  ").replace("Frames: 2", "Frames:\t2"),
        lambda t: t.lower().replace("hips", "Hips").replace("left leg", "Left Leg"),
        lambda t: t.replace("1 2 3 90", "1.0e0 +2E+00 3 9.0e1"),
        lambda t: t.replace("    End Site\n    {\n      OFFSET 0 -1 0\n    }\n", ""),
        lambda t: t.replace("\n{", " {"),
        lambda t: t + "\n\n  \n",
        lambda t: "\ufeff" + t,
        lambda t: t.replace("End Site", "End Site toe"),
    ],
    ids=["crlf", "tabs", "spacing", "lower", "scientific", "no-end", "same-line", "blank", "bom", "named-end"],
)
def test_ways_of_writing_it(tmp_path, change):
    want, got = read_bvh(written(tmp_path, SMALL)), read_bvh(written(tmp_path, change(SMALL)))
    np.testing.assert_array_equal(want.frames, got.frames)
    assert [j.channels for j in want.joints] == [j.channels for j in got.joints]
    assert [j.parent for j in want.joints] == [j.parent for j in got.joints]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t: t.replace("Frames: 2", "Frames: 3"), r"declares 3 frames of 9 numbers but holds 2 frames"),
        (lambda t: t.replace("Frames: 2", "Frames: 1"), r"declares 1 frames of 9 numbers but holds 2 frames"),
        (lambda t: t.rstrip()[:-2], r"holds 1\.\d+ frames"),
        (lambda t: t.replace("Frames: 2", "Frames: 0"), "declares 0 frames"),
        (lambda t: t.replace("0.033333", "0"), "frame time of 0 s"),
        (lambda t: t.replace("0.033333", "-1"), "frame time of -1 s"),
        (lambda t: t.replace("0.033333", "nan"), "frame time of nan s"),
        (lambda t: t.replace("45 0 0", "45 nan 0"), "not numbers in 1 frames, first in frame 1"),
        (lambda t: t.replace("45 0 0", "45 x 0"), "other than numbers"),
        (lambda t: t.replace("MOTION", "NOTION"), "no MOTION"),
        (lambda t: t[: t.index("}")] + t[t.index("MOTION") :], "not closed"),
        (lambda t: t.replace("OFFSET 0 1 0", "OFFSET 0 y 0"), "cannot be read"),
        (lambda t: t.replace("CHANNELS 3", "CHANNELS 4"), "cannot be read"),
        (lambda t: t[t.index("MOTION") :], "declares no joints"),
    ],
)
def test_damage_is_told_in_a_sentence(tmp_path, change, says):
    with pytest.raises(InvalidInput, match=says) as caught:
        import_file(written(tmp_path, change(SMALL)))
    assert caught.value.message.endswith(".")
    assert caught.value.hint


def test_missing_empty_and_binary_files(tmp_path):
    with pytest.raises(InvalidInput, match="no such file"):
        import_file(tmp_path / "none.bvh")
    for content in (b"", bytes(range(256)) * 10):
        with pytest.raises(InvalidInput):
            import_file(written(tmp_path, content, "wb"))


def test_unknown_formats_name_those_that_work(tmp_path):
    path = tmp_path / "walk.fbx"
    path.write_bytes(b"Kaydara FBX Binary")
    with pytest.raises(InvalidInput, match=r"\.fbx") as caught:
        import_file(path)
    assert ".bvh" in caught.value.hint
    assert ".npz" in caught.value.hint


def test_a_file_is_known_by_its_content(skeletons, tmp_path):
    made = skeletons.write(tmp_path / "walk.bvh", skeletons.namings["Mixamo"])
    renamed = made.path.rename(tmp_path / "walk.motion")
    assert len(import_file(renamed)) == 1


def test_two_people_in_one_file(skeletons, tmp_path):
    one = skeletons.write(tmp_path / "a.bvh", skeletons.namings["Mixamo"]).path.read_text()
    head, rows = one.split("MOTION")
    body = head.replace("HIERARCHY\n", "")
    lines = rows.strip().splitlines()
    doubled = [f"{row} {row}" for row in lines[2:]]
    path = tmp_path / "pair.bvh"
    path.write_text("HIERARCHY\n" + body + body + "MOTION\n" + "\n".join(lines[:2] + doubled) + "\n")
    assert len(roots_of(read_bvh(path))) == 2
    assert [r.clip.name for r in import_file(path)] == ["pair_1", "pair_2"]


@pytest.mark.parametrize(
    ("seconds", "rate"), [(0.0083333, 120), (0.0333333, 30), (0.033, 30.303), (0.041667, 24), (1 / 59.94, 59.94)]
)
def test_rounded_frame_times(seconds, rate):
    assert frame_rate(seconds) == pytest.approx(rate, abs=1e-3)


def test_position_channels_replace_the_offset_unless_they_are_zero(tmp_path):
    text = SMALL.replace("CHANNELS 3 Yrotation", "CHANNELS 6 Xposition Yposition Zposition Yrotation")
    text = text.replace("90 0 0 0 0 90", "0 0 0 MOVE 0 0 90").replace("0 90 0 45 0 0", "0 0 0 MOVE 45 0 0")
    for given, want in (("0 -2 0", -2), ("0 0 0", -1)):
        _, places = source_of(read_bvh(written(tmp_path, text.replace("MOVE", given)))).pose()
        np.testing.assert_allclose(places[:, 1] - places[:, 0], [[0, want, 0]] * 2, atol=1e-9)
