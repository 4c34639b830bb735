"""Archives of strangers: read as plain arrays, or refused in a sentence."""

import io
import zipfile

import numpy as np
import pytest
from impromptu.backend import files
from impromptu.backend.files import load_npz
from impromptu.backend.protocol import InvalidInput


def entry(shape, compression=zipfile.ZIP_STORED, data=b""):
    """An archive of one array that claims a shape."""
    head, stream = io.BytesIO(), io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "<f8", "fortran_order": False, "shape": shape})
    with zipfile.ZipFile(stream, "w", compression) as out:
        out.writestr("poses.npy", head.getvalue() + data)
    return stream.getvalue()


def single():
    """An array without an archive."""
    stream = io.BytesIO()
    np.save(stream, np.zeros(3))
    return stream.getvalue()


def garbled(compression):
    """A packed array whose middle was overwritten."""
    whole = entry((300,), compression, np.random.default_rng(0).bytes(2400))
    return whole[:60] + b"Z" * 200 + whole[260:]


@pytest.mark.parametrize(
    "content",
    [
        b"", b"text", single(), entry((10**13, 3)), entry((-5, 3)), garbled(zipfile.ZIP_DEFLATED),
        garbled(zipfile.ZIP_BZIP2), garbled(zipfile.ZIP_LZMA),
    ],
)  # fmt: skip
def test_odd_archives_are_refused(tmp_path, content):
    path = tmp_path / "motion.npz"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match=r"motion\.npz"):
        load_npz(path)


def test_what_unpacks_to_too_much_is_not_unpacked(tmp_path, monkeypatch):
    path = tmp_path / "motion.npz"
    np.savez_compressed(path, poses=np.zeros(100_000))
    assert path.stat().st_size < 10_000
    assert load_npz(path)["poses"].shape == (100_000,)
    monkeypatch.setattr(files, "MOST_BYTES", 100_000)
    with pytest.raises(InvalidInput, match="claims to hold"):
        load_npz(path)
