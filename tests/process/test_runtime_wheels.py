"""The table of wheels against the package that it serves, and what is said of it before an install."""

import re
import subprocess
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest
from impromptu.addon.client import runtime
from impromptu.addon.client.probe import Machine
from impromptu.addon.client.wheel_sets import DATA, load_data, megabytes, supported_python, wheel_set
from impromptu.backend.models_list import MODELS
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REQUIRED = [Requirement(r) for r in (*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["backend"])]
KEYS = sorted(load_data()["indexes"])


def preferences(**changes):
    return SimpleNamespace(
        **{
            "user_folder": "",
            "runtime_mode": "MANAGED",
            "python_path": "",
            "base_python": "",
            "device": "auto",
            "wheels_folder": "",
            "torch_index": "default",
            "idle_seconds": 600,
            "allow_hub": False,
            **changes,
        }
    )


@pytest.mark.parametrize("key", KEYS)
def test_pins_are_within_what_the_package_asks_for(key):
    wheels = wheel_set(*key.split("-"))
    pins = dict(r.split("==") for r in (*wheels.first, *wheels.pins))
    for requirement in REQUIRED:
        name = canonicalize_name(requirement.name)
        assert requirement.specifier.contains(pins[name]), f"{requirement} but pinned {pins[name]}"


def test_everything_that_the_package_asks_for_is_installed():
    wheels = wheel_set("linux", "cpu")
    listed = {canonicalize_name(r.split("==")[0]) for r in (*wheels.first, *wheels.packages)}
    assert {canonicalize_name(r.name) for r in REQUIRED} <= listed


def test_torch_comes_first_with_the_torchvision_that_belongs_to_it():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for key in KEYS:
        first = wheel_set(*key.split("-")).first
        assert [r.split("==")[0] for r in first] == ["torch", "torchvision"]
        assert all(requirement in makefile for requirement in first)


def test_the_pythons_are_those_that_the_package_allows():
    low = re.search(r"\d+\.\d+", PROJECT["requires-python"])
    assert low is not None
    assert supported_python(tuple(map(int, low[0].split("."))))
    assert supported_python((3, 13, 2))
    assert not supported_python((3, 10, 9))


def test_addresses_of_indexes_stand_in_the_table_alone():
    hosts = {re.sub(r"^https://([^/]+)/.*", r"\1", url) for url in load_data()["indexes"].values() if url}
    assert hosts
    names = subprocess.run(["git", "ls-files", "addon", "backend"], cwd=ROOT, capture_output=True, text=True).stdout
    for name in names.split():
        path = ROOT / name
        if path.suffix in (".py", ".json", ".toml") and path != DATA and path.is_file():
            assert not any(host in path.read_text(encoding="utf-8") for host in hosts), name


def test_a_device_changes_what_is_fetched():
    cpu, cuda = wheel_set("linux", "cpu"), wheel_set("linux", "cuda")
    assert cuda.download_bytes > 5 * cpu.download_bytes
    assert any(pin.startswith("nvidia-cudnn") for pin in cuda.pins)
    assert not any(pin.startswith("nvidia") for pin in cpu.pins)
    assert cpu.stamp != cuda.stamp
    assert cpu.index.endswith("/cpu")
    assert wheel_set("linux", "cpu", "").index == ""
    assert wheel_set("linux", "rocm").first_with_dependencies


def test_the_offer_says_what_and_how_much():
    sentence = runtime.make_offer(preferences(), Machine("linux", "x86_64")).sentence
    assert re.search(r"CPU build \(no graphics card.*\): downloads 398 MB, takes about 1\.\d GB on disk\.", sentence)
    assert "downloads about" in runtime.make_offer(preferences(device="rocm"), Machine("linux", "x86_64")).sentence
    offline = runtime.make_offer(preferences(wheels_folder="/stick/wheels"), Machine("darwin", "arm64")).sentence
    assert "MPS build (Apple silicon): reads wheels from /stick/wheels" in offline
    assert "download" not in offline


def test_the_offer_tells_the_size_of_the_build_that_an_index_has():
    linux, windows = Machine("linux", "x86_64"), Machine("windows", "AMD64")
    registry = preferences(torch_index="registry", device="cpu")
    offer = runtime.make_offer(registry, linux)
    assert offer.wheels.download_bytes == wheel_set("linux", "cuda").download_bytes
    assert offer.wheels.disk_bytes == wheel_set("linux", "cuda").disk_bytes
    assert offer.wheels.stamp == wheel_set("linux", "cpu").stamp, "it would be taken for an outdated runtime"
    assert offer.sentence.startswith("CPU build (")
    assert "CUDA build is what the registry has): downloads 2.9 GB, takes about 5.5 GB" in offer.sentence
    assert runtime.make_offer(registry, windows).wheels == wheel_set("windows", "cpu")
    mirror = runtime.make_offer(preferences(torch_index="https://mirror/simple", device="cpu"), linux)
    assert "downloads about 398 MB" in mirror.sentence


def test_every_model_file_that_a_user_names_has_its_preference():
    named = {model.variable for model in MODELS if model.variable and model.kinds}
    assert "IMPROMPTU_SMPLH" in named
    assert named <= set(runtime.MODELS.values())


def test_sizes_read_well():
    assert [megabytes(n) for n in (0, 3e5, 398312008, 2.94e9)] == ["nothing", "1 MB", "398 MB", "2.9 GB"]


def test_the_index_is_the_preferences_or_the_environments_or_the_tables(monkeypatch):
    monkeypatch.delenv("IMPROMPTU_TORCH_INDEX", raising=False)
    assert runtime.torch_index(preferences()) is None
    monkeypatch.setenv("IMPROMPTU_TORCH_INDEX", "")
    assert runtime.torch_index(preferences()) == ""
    assert runtime.torch_index(preferences(torch_index="https://mirror/simple")) == "https://mirror/simple"
    monkeypatch.setenv("IMPROMPTU_TORCH_INDEX", "https://other")
    assert runtime.torch_index(preferences(torch_index="registry")) == ""
