"""A job's context that records what it is told and can be cancelled after some steps."""

from pathlib import Path

import pytest
from impromptu.backend.protocol import JobCancelled


class Context:
    device = "cpu"
    batch = 32

    def __init__(self, folder: Path, steps: int = 10**6) -> None:
        self.folder, self.steps = folder, steps
        self.told = []
        self.previews = []

    def check(self) -> None:
        self.steps -= 1
        if self.steps < 0:
            raise JobCancelled("Cancelled; nothing was written.")

    def progress(self, stage, step, total) -> None:
        self.check()
        assert 0 <= step <= total
        self.told.append((stage, step, total))

    def preview(self, path) -> None:
        assert (self.folder / path).is_file()
        self.previews.append((path, self.told[-1][0]))


@pytest.fixture
def context(tmp_path, monkeypatch):
    monkeypatch.setenv("IMPROMPTU_CACHE", str(tmp_path / "cache"))

    def make(name: str = "job", steps: int = 10**6) -> Context:
        folder = tmp_path / name
        folder.mkdir()
        return Context(folder, steps)

    return make
