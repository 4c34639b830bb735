"""Downloads from a server that misbehaves: what must arrive, what must be said, what must be left."""

import hashlib
import json
import socket
from collections import namedtuple
from pathlib import Path

import pytest
from impromptu.backend import fetching, remote
from impromptu.backend.fetching import fetch_file
from impromptu.backend.protocol import AssetsMissing, InvalidInput, JobCancelled
from impromptu.backend.remote import Remote, check_name

CONTENT = bytes(range(256)) * 2000
SIZE = len(CONTENT)
SUM = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def server(file_server, monkeypatch):
    monkeypatch.setattr(fetching, "PAUSE_S", 0.01)
    monkeypatch.setattr(remote, "CHUNK", 1 << 16)
    file_server.files["/w.bin"] = CONTENT
    return file_server


def of(server, sha256=SUM, bytes=SIZE) -> Remote:
    return Remote(f"{server.url}/w.bin", "w.bin", sha256, bytes)


def left(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_a_file_arrives_whole_and_alone(server, tmp_path):
    told = []
    arrived = fetch_file(of(server), tmp_path / "in" / "w.bin", lambda *at: told.append(at))
    assert (arrived.bytes, arrived.sha256, arrived.known_from) == (len(CONTENT), SUM, "published")
    assert (tmp_path / "in" / "w.bin").read_bytes() == CONTENT
    assert left(tmp_path / "in") == ["w.bin"]
    assert told[0] == (0, len(CONTENT))
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_a_connection_that_is_cut_goes_on_from_there(server, tmp_path):
    server.drops = [100_000, 200_000]
    fetch_file(of(server), tmp_path / "w.bin")
    assert (tmp_path / "w.bin").read_bytes() == CONTENT
    assert [range_ for _, range_, _ in server.asked] == ["", "bytes=100000-", "bytes=300000-"]
    assert server.asked[1][2].startswith('"')


def test_cuts_that_bring_bytes_are_never_too_many(server, tmp_path):
    server.drops = [20_000] * (fetching.TRIES + 3)
    fetch_file(of(server), tmp_path / "w.bin")
    assert (tmp_path / "w.bin").read_bytes() == CONTENT


def test_a_later_call_goes_on_after_cuts_that_bring_nothing(server, tmp_path):
    server.drops = [150_000] + [0] * fetching.TRIES
    with pytest.raises(AssetsMissing, match=r"w\.bin could not be downloaded from 127\.0\.0\.1.*goes on from there"):
        fetch_file(of(server), tmp_path / "w.bin")
    assert left(tmp_path) == ["w.bin.part", "w.bin.part.json"]
    server.drops, server.asked = [], []
    fetch_file(of(server), tmp_path / "w.bin")
    assert server.asked[0][1] == "bytes=150000-"
    assert (tmp_path / "w.bin").read_bytes() == CONTENT
    assert left(tmp_path) == ["w.bin"]


def test_a_file_that_has_changed_meanwhile_starts_again(server, tmp_path):
    server.drops = [150_000] + [0] * fetching.TRIES
    with pytest.raises(AssetsMissing):
        fetch_file(of(server, sha256="", bytes=0), tmp_path / "w.bin")
    other = CONTENT[::-1]
    server.files["/w.bin"], server.drops, server.asked = other, [], []
    arrived = fetch_file(of(server, sha256="", bytes=0), tmp_path / "w.bin")
    assert server.asked[0][1] == "bytes=150000-"
    assert (tmp_path / "w.bin").read_bytes() == other
    assert arrived.known_from == ""


def test_a_server_that_mixes_two_versions_is_not_believed(server, tmp_path):
    server.drops = [150_000] + [0] * fetching.TRIES
    with pytest.raises(AssetsMissing):
        fetch_file(of(server, sha256="", bytes=0), tmp_path / "w.bin")
    server.files["/w.bin"], server.drops, server.careless = CONTENT[::-1], [], True
    fetch_file(of(server, sha256="", bytes=0), tmp_path / "w.bin")
    assert (tmp_path / "w.bin").read_bytes() == CONTENT[::-1]


def test_a_server_without_ranges_sends_it_all_again(server, tmp_path):
    server.ranges, server.drops = False, [150_000]
    fetch_file(of(server), tmp_path / "w.bin")
    assert (tmp_path / "w.bin").read_bytes() == CONTENT


@pytest.mark.parametrize("known", [True, False])
def test_without_an_etag_only_a_known_sum_lets_it_go_on(server, tmp_path, known):
    server.etags, server.drops = False, [150_000] + [0] * fetching.TRIES
    wanted = of(server) if known else of(server, sha256="", bytes=0)
    with pytest.raises(AssetsMissing):
        fetch_file(wanted, tmp_path / "w.bin")
    server.drops, server.asked = [], []
    fetch_file(wanted, tmp_path / "w.bin")
    assert (server.asked[0][1] == "bytes=150000-") is known
    assert (tmp_path / "w.bin").read_bytes() == CONTENT


def test_all_bytes_that_came_before_a_kill_are_only_checked(server, tmp_path):
    (tmp_path / "w.bin.part").write_bytes(CONTENT)
    (tmp_path / "w.bin.part.json").write_text(json.dumps({"url": of(server).address}))
    fetch_file(of(server), tmp_path / "w.bin")
    assert len(server.asked) == 1
    assert left(tmp_path) == ["w.bin"]


@pytest.mark.parametrize("note", ["not json", '{"url": "http://elsewhere/w.bin", "validator": "x"}', "[1]"])
def test_a_part_of_something_else_is_thrown_away(server, tmp_path, note):
    (tmp_path / "w.bin.part").write_bytes(b"other bytes")
    (tmp_path / "w.bin.part.json").write_text(note)
    fetch_file(of(server), tmp_path / "w.bin")
    assert server.asked[0][1] == ""
    assert (tmp_path / "w.bin").read_bytes() == CONTENT


def test_a_part_longer_than_the_file_starts_again(server, tmp_path):
    (tmp_path / "w.bin.part").write_bytes(CONTENT + b"more")
    (tmp_path / "w.bin.part.json").write_text(json.dumps({"url": of(server).address}))
    fetch_file(of(server), tmp_path / "w.bin")
    assert (tmp_path / "w.bin").read_bytes() == CONTENT


def test_a_wrong_sum_is_deleted_and_said(server, tmp_path):
    (tmp_path / "w.bin").write_bytes(b"an older one")
    server.files["/w.bin"] = CONTENT[::-1]
    with pytest.raises(AssetsMissing, match=r"sha256 is .* It was deleted"):
        fetch_file(of(server), tmp_path / "w.bin")
    assert left(tmp_path) == ["w.bin"]
    assert (tmp_path / "w.bin").read_bytes() == b"an older one"


def test_a_file_of_another_size_is_not_downloaded(server, tmp_path):
    server.files["/w.bin"] = CONTENT[:-1]
    with pytest.raises(AssetsMissing, match="has 511999 bytes at"):
        fetch_file(of(server), tmp_path / "w.bin")
    assert left(tmp_path) == []


def test_the_hubs_own_sum_is_checked(server, tmp_path):
    unknown = of(server, sha256="", bytes=0)
    server.linked = {"X-Linked-Etag": f'"{SUM}"', "X-Linked-Size": str(len(CONTENT))}
    server.drops = [100_000]
    arrived = fetch_file(unknown, tmp_path / "w.bin")
    assert (arrived.sha256, arrived.known_from) == (SUM, "server")
    assert [path for path, _, _ in server.asked] == ["/w.bin", "/cdn/w.bin"] * 2
    server.files["/w.bin"] = CONTENT[::-1]
    with pytest.raises(AssetsMissing, match="It was deleted"):
        fetch_file(unknown, tmp_path / "w.bin")


def test_an_address_without_encryption_is_not_followed():
    class Request:
        full_url = "https://example.org/w.bin"

    with pytest.raises(AssetsMissing, match=r"example\.org leads to an address without encryption"):
        remote._Redirects().redirect_request(Request(), None, 302, "", {}, "http://example.org/w.bin")


@pytest.mark.parametrize(("status", "words"), [(404, "does not have"), (410, "any more"), (403, "login")])
def test_an_answer_that_will_not_change_is_not_asked_for_twice(server, tmp_path, status, words):
    server.statuses = [status] * 2
    with pytest.raises(AssetsMissing, match=words):
        fetch_file(of(server), tmp_path / "w.bin")
    assert len(server.asked) == 1
    assert left(tmp_path) == []


def test_a_busy_server_is_asked_again(server, tmp_path):
    server.statuses = [503, 429, 500]
    fetch_file(of(server), tmp_path / "w.bin")
    assert len(server.asked) == 4


def test_a_login_page_is_not_taken_for_the_file(server, tmp_path):
    server.content_type = "text/html; charset=utf-8"
    with pytest.raises(AssetsMissing, match=r"A web page came .*sign in"):
        fetch_file(of(server), tmp_path / "w.bin")
    assert left(tmp_path) == []


def test_offline_says_so(server, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/w.bin"
    with pytest.raises(AssetsMissing, match=r"there is no connection .*Check the network"):
        fetch_file(Remote(address, "w.bin"), tmp_path / "w.bin")


def test_a_cancel_keeps_what_has_come(server, tmp_path):
    def check() -> None:
        if (tmp_path / "w.bin.part").is_file() and (tmp_path / "w.bin.part").stat().st_size > 50_000:
            raise JobCancelled("Cancelled.")

    with pytest.raises(JobCancelled):
        fetch_file(of(server), tmp_path / "w.bin", check=check)
    came = (tmp_path / "w.bin.part").stat().st_size
    assert 50_000 < came < len(CONTENT)
    server.asked = []
    fetch_file(of(server), tmp_path / "w.bin")
    assert server.asked[0][1] == f"bytes={came}-"
    assert (tmp_path / "w.bin").read_bytes() == CONTENT


def test_a_disk_without_room_is_told_before_a_byte_comes(server, tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(fetching.shutil, "disk_usage", lambda path: usage(0, 0, fetching.SPARE + 1000))
    with pytest.raises(InvalidInput, match=r"needed in .*IMPROMPTU_CACHE"):
        fetch_file(of(server), tmp_path / "w.bin")


def test_a_disk_that_fills_up_keeps_the_part(server, tmp_path, monkeypatch):
    real, wrote = open, []

    def full(path, mode="r", *args, **kwargs):
        stream = real(path, mode, *args, **kwargs)
        if mode == "ab":
            write = stream.write

            class Full:
                def __enter__(self):
                    return self

                def __exit__(self, *_):
                    stream.close()

                def write(self, chunk):
                    wrote.append(len(chunk))
                    if len(wrote) > 2:
                        raise OSError(28, "No space left on device")
                    return write(chunk)

            return Full()
        return stream

    monkeypatch.setattr(fetching, "open", full, raising=False)
    with pytest.raises(InvalidInput, match="The disk is full"):
        fetch_file(of(server), tmp_path / "w.bin")
    monkeypatch.undo()
    assert 0 < (tmp_path / "w.bin.part").stat().st_size < len(CONTENT)


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../w.bin", "a/../../w", "a\\b", "C:w.bin", "a\0b", "..", "."])
def test_names_that_lead_elsewhere_are_refused(name):
    with pytest.raises(InvalidInput, match="no name for a file"):
        check_name(name)
    with pytest.raises(InvalidInput):
        Remote("https://example.org/w.bin", name)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.org/w.bin", "w.bin"])
def test_only_the_web_is_fetched_from(url):
    with pytest.raises(InvalidInput, match="no address"):
        Remote(url, "w.bin")


def test_another_hub_can_be_named(monkeypatch):
    file = Remote(f"{remote.HUB}/someone/model/resolve/main/w.bin", "w.bin")
    assert file.host == "huggingface.co"
    monkeypatch.setenv(remote.ENDPOINT, "https://mirror.example.org/hub/")
    assert file.address == "https://mirror.example.org/hub/someone/model/resolve/main/w.bin"
    assert Remote("https://other.example.org/w.bin", "w.bin").host == "other.example.org"
