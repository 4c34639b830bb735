"""Small random bodies in the published layouts, and the odd pickles that such files come as."""

import io
import pickle
import struct
import sys
import types
from typing import ClassVar

import numpy as np
import pytest
import scipy.sparse

JOINTS = {"smpl": 24, "smplh": 52, "smplx": 55, "flame": 5, "smal": 33}
SHAPE_AXES = {"smpl": 10, "smplh": 16, "smplx": 400, "flame": 400, "smal": 41}


def make_members(kind: str, vertices: int = 90, seed: int = 0) -> dict[str, np.ndarray]:
    """Random but consistent arrays under the published names; every joint moves a few neighbouring vertices."""
    rng = np.random.default_rng(seed)
    J, V = JOINTS[kind], vertices
    parents = np.array([2**32 - 1, *(rng.integers(max(0, j - 4), j) for j in range(1, J))])
    weights = np.zeros((V, J))
    first = np.sort(rng.integers(0, J, V))
    weights[np.arange(V), first] = 1
    mixed = rng.random(V) < 0.6
    weights[mixed, np.maximum(first[mixed] - 1, 0)] += rng.random(mixed.sum())
    weights /= weights.sum(1, keepdims=True)
    posedirs = np.zeros((V, 3, J - 1, 9))
    posedirs[np.arange(V), :, np.maximum(first - 1, 0) % (J - 1)] = rng.normal(size=(V, 3, 9)) * 0.01
    regressor = np.zeros((J, V))
    for j in range(J):
        regressor[j, rng.choice(V, 5, replace=False)] = rng.dirichlet(np.ones(5))
    members = {
        "v_template": rng.normal(size=(V, 3)) * 0.5,
        "f": rng.integers(0, V, (150, 3)).astype(np.uint32),
        "shapedirs": rng.normal(size=(V, 3, SHAPE_AXES[kind])) * 0.02,
        "posedirs": posedirs.reshape(V, 3, -1),
        "J_regressor": regressor,
        "weights": weights,
        "kintree_table": np.stack((parents, np.arange(J))).astype(np.int64),
    }
    if kind in ("smplh", "smplx"):
        for side in "lr":
            members[f"hands_mean{side}"] = rng.normal(size=45) * 0.1
            members[f"hands_components{side}"] = np.eye(45)
    if kind == "smplx":
        members["lmk_faces_idx"] = rng.integers(0, 150, 51)
        members["lmk_bary_coords"] = rng.dirichlet(np.ones(3), 51)
    return members


class _Python2(pickle._Pickler):
    """Writes bytes as Python 2 wrote its strings."""

    dispatch: ClassVar = dict(pickle._Pickler.dispatch)

    def save_string(self, value: bytes) -> None:
        self.write(pickle.BINSTRING + struct.pack("<i", len(value)) + value)
        self.memoize(value)

    dispatch[bytes] = save_string


def python2_pickle(value) -> bytes:
    """`value` as Python 2 with its numpy and scipy would have pickled it."""
    out = io.BytesIO()
    _Python2(out, protocol=2, fix_imports=True).dump(value)
    data = out.getvalue().replace(b"numpy._core.", b"numpy.core.")
    for layout in (b"csc", b"csr", b"coo"):
        data = data.replace(b"scipy.sparse._" + layout, b"scipy.sparse." + layout)
    return data


@pytest.fixture
def chumpy_classes(monkeypatch):
    """Classes that pickle under chumpy's names; gone again, with their modules, when `forget` is called."""
    made = {}
    for module, name in (("ch", "Ch"), ("ch", "add"), ("reordering", "Select"), ("reordering", "transpose")):
        made[name] = type(name, (), {"__module__": f"chumpy.{module}"})
        owner = sys.modules.get(f"chumpy.{module}") or types.ModuleType(f"chumpy.{module}")
        setattr(owner, name, made[name])
        monkeypatch.setitem(sys.modules, f"chumpy.{module}", owner)
    monkeypatch.setitem(sys.modules, "chumpy", types.ModuleType("chumpy"))

    def make(name, **state):
        instance = made[name]()
        instance.__dict__.update(state)
        return instance

    def forget():
        for module in [m for m in sys.modules if m.split(".")[0] == "chumpy"]:
            monkeypatch.delitem(sys.modules, module)

    make.forget = forget
    return make


@pytest.fixture
def members():
    return make_members


@pytest.fixture
def as_python2():
    return python2_pickle


@pytest.fixture
def body_file(tmp_path):
    """Write a toy body as .npz and return its path."""

    def write(kind: str, name: str = "", **changes):
        path = tmp_path / (name or f"{kind}.npz")
        kept = {k: v for k, v in (make_members(kind) | changes).items() if v is not None}
        np.savez(path, **kept)
        return path

    return write


@pytest.fixture
def sparse_regressor():
    return lambda members: scipy.sparse.csc_matrix(members["J_regressor"])
