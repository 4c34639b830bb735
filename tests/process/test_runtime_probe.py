"""What is installed on which machine: fake machines, no hardware asked."""

import pytest
from impromptu.addon.client.probe import Machine, choose_device, offered, probe
from impromptu.addon.client.wheel_sets import load_data, wheel_set
from impromptu.backend.protocol import InvalidInput


def nothing(_command):
    return ""


def files(root, **content):
    for name, text in content.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_a_driver_is_read_from_its_file_without_starting_anything(tmp_path):
    root = files(
        tmp_path, proc__driver__nvidia__version="NVRM version: NVIDIA UNIX Open Kernel Module  580.65.06  Release\n"
    )

    def refuse(command):
        raise AssertionError(command)

    assert probe(root, refuse, "linux").nvidia_driver == "580.65.06"


def test_where_there_is_no_file_the_driver_is_asked_for(tmp_path):
    assert probe(tmp_path, lambda c: "581.29\n" if c[0] == "nvidia-smi" else "", "windows").nvidia_driver == "581.29"
    assert probe(tmp_path, nothing, "windows").nvidia_driver == ""


def test_rocm_needs_both_the_card_and_the_libraries(tmp_path):
    alone = files(tmp_path / "card", dev__kfd="")
    assert probe(alone, nothing, "linux").rocm == ""
    assert probe(alone, nothing, "linux").amd_card
    (tmp_path / "both/opt/rocm/.info").mkdir(parents=True)
    both = files(tmp_path / "both", dev__kfd="")
    (both / "opt/rocm/.info/version").write_text("7.2.0-43\n")
    assert probe(both, nothing, "linux").rocm == "7.2.0-43"


@pytest.mark.parametrize(
    ("machine", "device", "words"),
    [
        (Machine("linux", "x86_64"), "cpu", "no graphics card"),
        (Machine("linux", "x86_64", nvidia_driver="580.65.06"), "cuda", "580.65.06"),
        (Machine("linux", "x86_64", nvidia_driver="535.183.01"), "cpu", "older than 580"),
        (Machine("linux", "x86_64", rocm="7.2.0", amd_card=True), "rocm", "7.2.0"),
        (Machine("linux", "x86_64", amd_card=True), "cpu", "no ROCm installed"),
        (Machine("linux", "x86_64", nvidia_driver="590.1", rocm="7.2.0", amd_card=True), "cuda", "590.1"),
        (Machine("linux", "arm64", nvidia_driver="580.1"), "cuda", "580.1"),
        (Machine("windows", "x86_64", nvidia_driver="581.29"), "cuda", "581.29"),
        (Machine("windows", "x86_64"), "cpu", "no graphics card"),
        (Machine("darwin", "arm64"), "mps", "Apple silicon"),
        (Machine("darwin", "x86_64"), "cpu", "no graphics card"),
    ],
)
def test_the_device_follows_from_the_machine(machine, device, words):
    choice = choose_device(machine, "auto", load_data()["min_driver"])
    assert choice.device == device
    assert words in choice.reason
    assert wheel_set(machine.system, device).first[0].startswith("torch==")


def test_the_user_may_choose_otherwise_but_not_the_impossible():
    machine = Machine("linux", "x86_64", nvidia_driver="580.1")
    assert choose_device(machine, "cpu").device == "cpu"
    assert choose_device(Machine("linux", "x86_64"), "cuda").device == "cuda"
    with pytest.raises(InvalidInput, match=r"no Metal \(Apple\) build for linux"):
        choose_device(machine, "mps")
    with pytest.raises(InvalidInput, match="no ROCm"):
        choose_device(Machine("windows", "x86_64"), "rocm")


def test_every_offered_device_has_a_wheel_set():
    for system in ("linux", "windows", "darwin"):
        for arch in ("x86_64", "arm64"):
            for device in offered(Machine(system, arch)):
                assert wheel_set(system, device).download_bytes > 1e8
