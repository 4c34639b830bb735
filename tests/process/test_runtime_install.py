"""A whole install from a registry on this machine that serves wheels made here: begun, broken off, gone on with."""

import base64
import hashlib
import http.server
import itertools
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest
from impromptu.addon.client.install import RuntimeTask
from impromptu.addon.client.installer import pip as installer_pip
from impromptu.addon.client.installer.folders import Folders, python_of
from impromptu.addon.client.runtime import disk_use, resumable, stamp_of, status
from impromptu.backend.protocol import JobCancelled

BIG = 5_000_000
"""Bytes of payload: enough for pip to tell progress, and for the wheel to be fetched alone."""
WAIT_S = 120
posix = pytest.mark.skipif(os.name == "nt", reason="signals")


def make_wheel(folder: Path, name: str, version: str, requires=(), payload: int = 0, code: str = "") -> Path:
    """A wheel with one package, as PEP 427 says."""
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}/__init__.py": (code or f"__version__ = {version!r}\n").encode(),
        f"{name}/data.bin": os.urandom(payload),
        f"{info}/METADATA": (
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
            + "".join(f"Requires-Dist: {r}\n" for r in requires)
        ).encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = []
    for path, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        rows.append(f"{path},sha256={digest},{len(content)}")
    files[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,", ""]).encode()
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return wheel


class Registry(http.server.ThreadingHTTPServer):
    """A package index (PEP 503) of a folder; it can stop in the middle of a file."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder = folder
        self.stall = ""
        """Start of the name of the file in whose middle to stop."""
        self.fetched: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_port}/simple"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Registry

    def do_GET(self) -> None:
        name = self.path.strip("/").split("/")[-1]
        if self.path.startswith("/simple/"):
            found = [p for p in self.server.folder.glob("*.whl") if p.name.split("-")[0] == name.replace("-", "_")]
            links = [
                f'<a href="/files/{p.name}#sha256={hashlib.sha256(p.read_bytes()).hexdigest()}">{p.name}</a>'
                for p in found
            ]
            self.answer("<html><body>" + "".join(links) + "</body></html>", "text/html")
            return
        content = (self.server.folder / name).read_bytes()
        self.server.fetched.append(name)
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        half = len(content) // 2
        self.wfile.write(content[:half])
        self.wfile.flush()
        while self.server.stall and name.startswith(self.server.stall):
            time.sleep(0.02)
        self.wfile.write(content[half:])

    def answer(self, text: str, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_args) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    folder = tmp_path_factory.mktemp("registry")
    make_wheel(folder, "tinytorch", "1.0", payload=BIG)
    make_wheel(folder, "tinyrest", "2.0", ["tinydep"], payload=BIG)
    make_wheel(folder, "tinydep", "0.1")
    make_wheel(folder, "tinydep", "0.2")
    return folder


@pytest.fixture
def registry(wheels, monkeypatch):
    server = Registry(wheels)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    for name in [n for n in os.environ if n.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_INDEX_URL", server.url)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    yield server
    server.stall = ""
    server.shutdown()
    thread.join()
    server.server_close()


def plan_for(folder: Path, action: str = "install", **changes) -> dict:
    """The plan of a runtime of three small packages."""
    return {
        "action": action,
        "folder": str(folder),
        "base_python": sys.executable,
        "version": "0.1.0",
        "system": "test",
        "device": "cpu",
        "stamp": "s1",
        "pip": "",
        "first": ["tinytorch==1.0"],
        "first_with_dependencies": False,
        "index": "",
        "packages": ["tinyrest==2.0"],
        "pins": ["tinyrest==2.0", "tinydep==0.1"],
        "sizes": {"tinytorch": BIG, "tinyrest": BIG, "tinydep": 900},
        "download_bytes": 2 * BIG + 900,
        "disk_bytes": 50_000_000,
        "wheels": "",
        "imports": ["tinytorch", "tinyrest", "tinydep"],
        "prepare": "",
        **changes,
    }


def run(plan: dict) -> RuntimeTask:
    """A task, run to its end."""
    task = RuntimeTask(plan)
    assert task.wait(WAIT_S)
    return task


@pytest.fixture(scope="module")
def blank(tmp_path_factory):
    """An empty environment: making one takes pip's bootstrap seconds."""
    folder = tmp_path_factory.mktemp("blank") / "runtime.new"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    return folder


@pytest.fixture
def user(blank, tmp_path):
    """A user folder in which an install has got as far as an environment."""
    shutil.copytree(blank, tmp_path / "user" / "runtime.new", symlinks=True)
    return tmp_path / "user"


def until(task: RuntimeTask, condition) -> None:
    """Tick until something holds."""
    limit = time.monotonic() + WAIT_S
    while not condition(task):
        assert time.monotonic() < limit
        assert not task.done, (task.error, task.log.read_text())
        task.tick()
        time.sleep(0.01)


def ask(folder: Path, code: str) -> str:
    """What the runtime's Python prints."""
    python = python_of(folder / "runtime")
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture(scope="module")
def made(wheels, tmp_path_factory):
    """A runtime installed from the folder of wheels, without a network; copied by the tests that change it."""
    folder = tmp_path_factory.mktemp("user") / "impromptu"
    seen = []
    task = RuntimeTask(plan_for(folder, wheels=str(wheels)))
    until_done(task, seen)
    assert task.error is None, task.log.read_text()
    return folder, task, seen


def until_done(task: RuntimeTask, seen: list) -> None:
    limit = time.monotonic() + WAIT_S
    while not task.done and time.monotonic() < limit:
        if task.tick():
            seen.append((task.stage, task.step, task.total, task.eta_s))
        time.sleep(0.01)


@pytest.fixture
def copy(made, tmp_path):
    shutil.copytree(made[0], tmp_path / "copy", symlinks=True)
    return tmp_path / "copy"


def test_installs_offline_from_a_folder_of_wheels(made, wheels):
    folder, task, seen = made
    assert ask(folder, "import tinytorch, tinyrest, tinydep; print(tinyrest.__version__, tinydep.__version__)") == (
        "2.0 0.1"
    )
    assert {p.name for p in folder.iterdir()} == {"runtime", "install.log", "install-plan.json", "install.lock"}
    stages = [stage for stage, *_ in seen]
    assert any(s.startswith("Installing tinytorch") for s in stages)
    assert stages.index("Preparing") < stages.index("Checking that everything imports")
    steps = [step / total for _, step, total, _ in seen if total]
    assert all(after > before - 0.01 for before, after in itertools.pairwise(steps))
    assert steps[-1] == 1
    assert task.metrics["bytes"] == pytest.approx(disk_use(folder)["runtime"], abs=10_000)
    assert all((wheels / w["file"]).is_file() for w in stamp_of(folder / "runtime")["wheels"])


def test_the_status_knows_ready_update_partial_missing_and_broken(copy, tmp_path):
    assert status(copy, "s1").state == "ready"
    assert "CPU" in status(copy, "s1").sentence
    assert status(copy, "s2").state == "update"
    python_of(copy / "runtime").unlink()
    assert status(copy, "s1").state == "broken"
    assert status(tmp_path / "none").state == "missing"
    (tmp_path / "half" / "runtime.new").mkdir(parents=True)
    assert status(tmp_path / "half").state == "partial"


@pytest.mark.parametrize("damaged", [False, True], ids=["whole", "damaged"])
def test_cancelled_in_the_middle_of_a_download_and_resumed(registry, user, damaged):
    registry.stall = "tinyrest"
    task = RuntimeTask(plan_for(user))
    until(task, lambda _: "tinyrest-2.0-py3-none-any.whl" in registry.fetched)
    folders = Folders(user)
    assert (folders.wheels / "tinytorch-1.0-py3-none-any.whl").is_file()
    task.cancel()
    assert task.wait(WAIT_S)
    assert isinstance(task.error, JobCancelled)
    assert not folders.runtime.exists()
    assert status(user).state == "partial"
    assert resumable(user)
    registry.stall = ""
    registry.fetched.clear()
    if damaged:
        kept = folders.wheels / "tinytorch-1.0-py3-none-any.whl"
        kept.write_bytes(kept.read_bytes()[:-10])
    assert run(plan_for(user)).error is None
    assert ("tinytorch-1.0-py3-none-any.whl" in registry.fetched) == damaged
    assert ask(user, "import tinyrest; print(tinyrest.__version__)") == "2.0"
    assert not folders.wheels.exists()


@posix
def test_killed_in_the_middle_of_an_install_and_resumed(registry, wheels, user):
    task = RuntimeTask(plan_for(user))
    until(task, lambda t: t.stage.startswith("Installing tinyrest"))
    os.kill(task._process.pid, signal.SIGKILL)
    assert task.wait(WAIT_S)
    assert "ended without a result" in str(task.error)
    assert not (user / "runtime").exists()
    # As if pip had died half-way: files without the record that would say that they are whole.
    site = next((user / "runtime.new").rglob("site-packages"))
    for record in site.glob("tinyrest*/RECORD"):
        record.unlink()
    registry.fetched.clear()
    assert run(plan_for(user)).error is None
    assert registry.fetched == []
    assert ask(user, "import tinytorch, tinyrest; print(tinyrest.__version__)") == "2.0"


def test_nothing_is_left_running_after_a_cancel(registry, user):
    registry.stall = "tinytorch"
    task = RuntimeTask(plan_for(user))
    until(task, lambda _: "tinytorch-1.0-py3-none-any.whl" in registry.fetched)
    task.cancel()
    assert task.wait(WAIT_S)
    left = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout if os.name != "nt" else ""
    assert str(user) not in left


def test_repair_installs_what_is_broken_and_nothing_else(copy, wheels):
    site = next((copy / "runtime").rglob("site-packages"))
    shutil.rmtree(site / "tinydep")
    untouched = (site / "tinytorch" / "data.bin").stat().st_mtime_ns
    checked = run(plan_for(copy, "verify", wheels=str(wheels)))
    assert "tinydep lacks tinydep" in str(checked.error)
    assert "Press Repair" in str(checked.error)
    repaired = run(plan_for(copy, "repair", wheels=str(wheels)))
    assert repaired.metrics["repaired"] == ["tinydep"]
    assert (site / "tinytorch" / "data.bin").stat().st_mtime_ns == untouched
    assert run(plan_for(copy, "verify", wheels=str(wheels))).metrics["packages"] == 3


def test_repair_makes_an_environment_again_whose_python_is_gone(copy, wheels):
    python_of(copy / "runtime").unlink()
    assert run(plan_for(copy, "repair", wheels=str(wheels))).error is None
    assert ask(copy, "import tinyrest; print(1)") == "1"


def test_an_update_replaces_the_runtime_only_when_it_is_whole(copy, wheels):
    newer = {"stamp": "s2", "pins": ["tinyrest==2.0", "tinydep==0.2"], "wheels": str(wheels)}
    assert "Press Update" in str(run(plan_for(copy, "verify", **newer)).error)
    failed = run(plan_for(copy, **{**newer, "imports": ["tinyrest", "tinymissing"]}))
    assert "tinymissing does not import" in str(failed.error)
    assert ask(copy, "import tinydep; print(tinydep.__version__)") == "0.1"
    assert run(plan_for(copy, **newer)).error is None
    assert ask(copy, "import tinydep; print(tinydep.__version__)") == "0.2"
    assert status(copy, "s2").state == "ready"


def test_a_rename_that_was_broken_off_is_undone(copy, wheels):
    os.rename(copy / "runtime", copy / "runtime.old")
    assert run(plan_for(copy, "verify", wheels=str(wheels))).error is None
    assert not (copy / "runtime.old").exists()


def test_uninstall_removes_all_of_it_and_nothing_else(copy):
    (copy / "jobs").mkdir()
    (copy / "wheels").mkdir()
    (copy / "wheels" / "x.whl").write_bytes(b"x")
    assert run(plan_for(copy, "uninstall")).metrics["freed"] > 2 * BIG
    assert [p.name for p in copy.iterdir()] == ["jobs"]


def test_what_is_not_a_runtime_is_left_alone(tmp_path):
    own = tmp_path / "user" / "runtime"
    own.mkdir(parents=True)
    (own / "thesis.txt").write_text("years of work")
    task = run(plan_for(tmp_path / "user", "uninstall"))
    assert "not a runtime that Impromptu made" in str(task.error)
    assert (own / "thesis.txt").is_file()


@posix
def test_a_link_to_someone_elses_python_is_left_alone(copy, tmp_path):
    os.rename(copy / "runtime", tmp_path / "theirs")
    (copy / "runtime").symlink_to(tmp_path / "theirs")
    for action in ("uninstall", "install"):
        assert "leads elsewhere" in str(run(plan_for(copy, action)).error)
    assert python_of(tmp_path / "theirs").exists()


def test_a_disk_without_room_is_refused_before_anything_is_fetched(registry, tmp_path):
    task = run(plan_for(tmp_path, disk_bytes=10**16))
    assert "free; installing needs 10000000.2 GB" in str(task.error)
    assert "Free some space" in str(task.error)
    assert registry.fetched == []


def test_a_pip_that_runs_into_a_full_disk_says_so(tmp_path):
    failure = installer_pip.failure_of(["ERROR: [Errno 28] No space left on device"], tmp_path, "installing torch")
    assert failure.message == f"The disk of {tmp_path} is full."


@posix
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_said_so(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(Exception, match="cannot be written"):
        run(plan_for(tmp_path / "user"))


def test_a_user_folder_that_is_a_file_is_said_so(tmp_path):
    from impromptu.backend.protocol import InvalidInput

    (tmp_path / "user").write_text("")
    with pytest.raises(InvalidInput, match="cannot be written to"):
        RuntimeTask(plan_for(tmp_path / "user"))


def test_a_registry_that_is_not_there_is_one_sentence(user, monkeypatch, registry):
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    task = run(plan_for(user))
    assert str(task.error).startswith("The package registry cannot be reached.")


def test_a_package_that_nobody_has_is_named(wheels, user):
    task = run(plan_for(user, wheels=str(wheels), first=["tinyother==3"]))
    assert "There is no wheel of tinyother==3" in str(task.error)


def test_two_installers_do_not_share_a_folder(registry, user):
    registry.stall = "tinytorch"
    first = RuntimeTask(plan_for(user))
    until(first, lambda _: "tinytorch-1.0-py3-none-any.whl" in registry.fetched)
    assert "Another Blender is installing" in str(run(plan_for(user, "uninstall")).error)
    first.close()


def test_bytes_are_told_while_a_wheel_comes(registry, tmp_path):
    """By the pip that a runtime updates itself to; the one that a Python brings may be too old."""
    assert installer_pip.pip_version(sys.executable) >= (24, 1)
    told = []
    arguments = ["download", "--no-deps", "--dest", str(tmp_path), "--progress-bar", "raw", "tinytorch==1.0"]
    installer_pip.run_pip(sys.executable, arguments, tmp_path, "testing", lambda *numbers: told.append(numbers))
    assert told[-1][0] == told[-1][1] > BIG


def test_a_base_python_that_is_none_is_refused(tmp_path):
    with pytest.raises(Exception, match="is not there"):
        RuntimeTask(plan_for(tmp_path, base_python=str(tmp_path / "python")))


def test_the_installer_needs_nothing_but_the_standard_library():
    folder = Path(__file__).parents[2] / "addon" / "client" / "installer"
    for path in folder.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "from .." not in text, path
        assert "import bpy" not in text, path
