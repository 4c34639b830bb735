import os
import pickle
import sys

import numpy as np
import pytest
import scipy.sparse
from impromptu.backend.body import safe_pickle
from impromptu.backend.body.read import read_members
from impromptu.backend.protocol import InvalidInput


class Evil:
    """Runs a command when it is unpickled by anything that trusts it."""

    def __init__(self, call, *args):
        self.call, self.args = call, args

    def __reduce__(self):
        return self.call, self.args


@pytest.fixture
def attacks(tmp_path, monkeypatch):
    """Objects that would leave a file behind; checks at the end that none did."""
    marker = tmp_path / "ran"
    code = f"open({str(marker)!r}, 'w').close()"
    yield [
        Evil(os.system, f"touch {marker}"),
        Evil(eval, code),
        Evil(exec, code),
        Evil(getattr, np.ndarray, "tofile"),
        Evil(np.fromfile, str(marker)),
        Evil(np.save, str(marker), np.zeros(1)),
        Evil(pickle.loads, pickle.dumps(Evil(os.system, f"touch {marker}"))),
        Evil(__import__, "os"),
    ]
    assert not marker.exists()


def refuse(path, match="."):
    with pytest.raises(InvalidInput, match=match) as caught:
        read_members(path)
    assert path.name in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("protocol", range(6))
def test_hostile_pickle_runs_nothing(attacks, tmp_path, protocol):
    for i, attack in enumerate(attacks):
        path = tmp_path / f"SMPL_{i}.pkl"
        path.write_bytes(pickle.dumps({"v_template": np.zeros(3), "f": attack}, protocol))
        refuse(path)


def test_hostile_object_in_npz_runs_nothing(attacks, tmp_path):
    for i, attack in enumerate(attacks):
        path = tmp_path / f"SMPLX_{i}.npz"
        np.savez(path, v_template=np.zeros((3, 3)), joint2num=np.array({"a": [attack]}, dtype=object))
        refuse(path, "not run")


def test_hostile_state_of_a_chumpy_array_runs_nothing(attacks, tmp_path, chumpy_classes):
    path = tmp_path / "SMPL.pkl"
    path.write_bytes(pickle.dumps({"shapedirs": chumpy_classes("Ch", x=attacks[0])}, 2))
    chumpy_classes.forget()
    refuse(path, "not run")


@pytest.mark.parametrize(
    "name",
    [
        b"numpy\nload",
        b"numpy\nmemmap",
        b"builtins\neval",
        b"os\nsystem",
        b"copyreg\nadd_extension",
        b"builtins\ngetattr",
    ],
)
def test_names_outside_the_table_are_refused(name):
    with pytest.raises(InvalidInput, match="not run"):
        safe_pickle.loads(b"\x80\x02c" + name + b"\n.")


def test_dotted_names_are_refused():
    data = b"\x80\x04\x8c\x05numpy\x8c\x0endarray.tofile\x93."
    with pytest.raises(InvalidInput):
        safe_pickle.loads(data)


def test_a_pickle_cannot_alter_the_stand_ins():
    from impromptu.backend.body import stand_ins

    with pytest.raises(pickle.UnpicklingError):
        stand_ins.Array.value = print
    # BUILD with a slot state on the class itself
    with pytest.raises(InvalidInput):
        safe_pickle.loads(b"\x80\x02cnumpy.core.multiarray\nscalar\n(NU\x05value}t}(U\x05valueNu\x86b.")
    array = np.arange(6.0).reshape(2, 3)
    assert np.array_equal(safe_pickle.loads(pickle.dumps(array)), array)


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3),
        np.asfortranarray(np.arange(6, dtype=np.int32).reshape(2, 3)),
        np.arange(4, dtype=">u2"),
        np.array([True, False]),
        np.array(["left", "right"]),
        np.zeros((0, 3)),
        np.float32(2.5),
        np.array([{"a": np.ones(2)}, None], dtype=object),
    ],
    ids=lambda a: f"{a.dtype}{a.shape}",
)
def test_arrays_come_back_as_they_were(array, protocol):
    back = safe_pickle.loads(pickle.dumps(array, protocol))
    assert back.shape == array.shape
    if array.dtype.hasobject:
        assert np.array_equal(back[0]["a"], [1, 1])
    else:
        assert back.dtype.newbyteorder("=") == array.dtype.newbyteorder("=")
        assert np.array_equal(back, array)


def test_python2_pickle(as_python2):
    array = np.random.default_rng(0).normal(size=(7, 3))
    value = {"a": array, "s": scipy.sparse.csc_matrix(array), "n": np.float64(3), "name": "x", "l": [1, (2, None)]}
    back = safe_pickle.loads(as_python2(value))
    assert np.array_equal(back["a"], array)
    assert np.array_equal(back["s"].toarray(), array)
    assert (back["n"], back["name"], back["l"]) == (3, "x", [1, (2, None)])


@pytest.mark.parametrize("layout", ["csc_matrix", "csr_matrix", "coo_matrix", "csc_array", "csr_array", "coo_array"])
def test_sparse_matrices(layout):
    dense = np.where(np.random.default_rng(0).random((5, 8)) < 0.3, 1.5, 0)
    back = safe_pickle.loads(pickle.dumps(getattr(scipy.sparse, layout)(dense)))
    assert np.array_equal(back.toarray(), dense)


def test_sparse_matrix_with_wild_indices_is_refused():
    matrix = scipy.sparse.csc_matrix(np.eye(4))
    matrix.indices = np.array([0, 1, 2, 10**6], np.int32)
    with pytest.raises(InvalidInput, match="damaged"):
        safe_pickle.loads(pickle.dumps(matrix))


def test_chumpy_arrays_are_read_without_chumpy(chumpy_classes, as_python2):
    x = np.arange(24.0).reshape(4, 3, 2)
    plain = chumpy_classes("Ch", x=x, _dirty_vars=set(), _itr=None)
    idxs = np.arange(24).reshape(4, 3, 2)[:, :, :1].ravel()
    select = chumpy_classes("Select", a=plain, idxs=idxs, preferred_shape=(4, 3, 1))
    turned = chumpy_classes("transpose", a=plain, axes=(2, 0, 1))
    added = chumpy_classes("Select", a=chumpy_classes("add", a=plain, b=plain), idxs=idxs)
    data = as_python2({"plain": plain, "select": select, "turned": turned, "added": added})
    chumpy_classes.forget()
    back = safe_pickle.loads(data)
    assert np.array_equal(back["plain"], x)
    assert np.array_equal(back["select"], x[:, :, :1])
    assert np.array_equal(back["turned"], x.transpose(2, 0, 1))
    assert back["added"].name == "Select"  # what chumpy would have to compute stays unread
    assert not [m for m in sys.modules if m.split(".")[0] == "chumpy"]


def test_a_bomb_of_nested_references_stays_small():
    value = [0]
    for _ in range(50):
        value = [value, value]
    safe_pickle.loads(pickle.dumps(value))
    loop = []
    loop.append(loop)
    with pytest.raises(InvalidInput):
        safe_pickle.loads(pickle.dumps(loop))


@pytest.mark.filterwarnings("ignore")
def test_damaged_pickles_are_refused_in_one_sentence(members):
    data = pickle.dumps(members("flame", vertices=6), 2)
    rng = np.random.default_rng(0)
    broken = [data[:n] for n in rng.integers(0, len(data), 60)]
    for _ in range(200):
        flipped = bytearray(data)
        for i in rng.integers(0, min(len(data), 3000), 3):
            flipped[i] = rng.integers(256)
        broken.append(bytes(flipped))
    refused = 0
    for case in broken:
        try:
            safe_pickle.loads(case)
        except InvalidInput:
            refused += 1
    assert refused >= 60
