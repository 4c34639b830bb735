import json
from pathlib import Path

import numpy as np
import pytest
from impromptu.backend.kinds.match import run
from impromptu.backend.motion.skeleton import JOINT_NAMES, OFFSETS, PARENTS
from impromptu.backend.protocol import InvalidInput, MatchRequest

RIGIFY = Path(__file__).with_name("rigify_basic_human.json")


def skeleton(names=JOINT_NAMES, keep=range(22)):
    heads = np.zeros((22, 3))
    for j in range(1, 22):
        heads[j] = heads[PARENTS[j]] + OFFSETS[j]
    keep = list(keep)
    place = {j: i for i, j in enumerate(keep)}
    parents = [place.get(PARENTS[j], -1) for j in keep]
    tails = heads + np.array([0, 0.05, 0])
    return {
        "names": [names[j] for j in keep],
        "parents": parents,
        "heads": heads[keep].tolist(),
        "tails": tails[keep].tolist(),
    }


def matched(job, data):
    path = job.folder / "skeleton.json"
    path.write_text(json.dumps(data))
    run(MatchRequest(str(path)), job)
    return json.loads((job.folder / "mapping.json").read_text())


def test_a_generated_rig_with_its_helper_bones(context):
    data = json.loads(RIGIFY.read_text())
    assert len(data["names"]) > 150
    for deform in (True, False):
        if not deform:
            del data["deform"]
        found = matched(context(str(deform)), data)
        assert found["missing"] == []
        assert found["convention"] == "Rigify"
        assert found["bones"]["left_knee"] == "DEF-shin.L"
        assert found["bones"]["pelvis"] == "DEF-spine"
        assert all(name.startswith("DEF-") for name in found["bones"].values())


def test_bones_in_any_order_and_without_known_names(context):
    data = skeleton(names=[f"bone{j}" for j in range(22)])
    order = np.random.default_rng(0).permutation(22)
    back = {int(j): i for i, j in enumerate(order)}
    shuffled = {key: [data[key][j] for j in order] for key in ("names", "heads", "tails")}
    shuffled["parents"] = [back.get(data["parents"][j], -1) for j in order]
    bones = matched(context(), shuffled)["bones"]
    for side in ("left", "right"):
        for joint in ("hip", "knee", "ankle", "shoulder", "elbow"):
            assert bones[f"{side}_{joint}"] == f"bone{JOINT_NAMES.index(f'{side}_{joint}')}"


@pytest.mark.parametrize(
    "change",
    [
        {"parents": [1, 0] + [0] * 20},
        {"parents": [99] * 22},
        {"heads": [[0, 0, 0]]},
        {"heads": [[float("nan")] * 3] * 22},
        {"names": None},
    ],
    ids=lambda c: next(iter(c)),
)
def test_a_damaged_file_is_refused(context, change):
    with pytest.raises(InvalidInput, match="damaged"):
        matched(context(), skeleton() | change)


def test_what_is_no_human_is_refused_in_a_sentence(context):
    with pytest.raises(InvalidInput, match="not a whole human"):
        matched(context(), skeleton(keep=range(12)))
