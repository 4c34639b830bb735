"""A file on another machine: its address, the request for the rest of it, and what the answer says."""

from __future__ import annotations

import email.utils
import http.client
import os
import re
import ssl
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from .protocol import AssetsMissing, InvalidInput

HUB = "https://huggingface.co"
ENDPOINT = "HF_ENDPOINT"
"""Environment variable that names another address for `HUB`, as for all tools of the hub."""
CHUNK = 1 << 20
TIMEOUT_S = 30.0
"""Seconds without a byte after which a connection counts as dropped."""
LINKED_ETAG, LINKED_SIZE = "X-Linked-Etag", "X-Linked-Size"
"""Of a redirect to a large file of the hub: its sha256 and size."""
BUSY = (408, 425, 429, 500, 502, 503, 504)
"""What a server may answer now and not a minute later."""
CHANGED = "it has changed there"


@dataclass(frozen=True)
class Remote:
    """A file that can be fetched."""

    url: str
    name: str
    """Under which it is kept, relative to its model's folder."""
    sha256: str = ""
    """As its maker, or several independent users of it, have published it; empty: nobody has."""
    bytes: int = 0
    """Exactly, where `sha256` is given; else about; 0: not known."""

    def __post_init__(self) -> None:
        check_name(self.name)
        if not self.url.startswith(("https://", "http://")):
            raise InvalidInput(f"{self.url} is no address of a file.", "Give one that begins with https://.")

    @property
    def address(self) -> str:
        """The url, at the hub that the user has named."""
        named = os.environ.get(ENDPOINT, "").rstrip("/")
        return named + self.url[len(HUB) :] if named and self.url.startswith(f"{HUB}/") else self.url

    @property
    def host(self) -> str:
        """The name of the machine that it comes from."""
        return urlsplit(self.address).hostname or ""


class Dropped(Exception):
    """A connection brought less than the file; trying again may help.

    Args:
        why: the end of a sentence.
        wait_s: seconds that the server asked for.
    """

    def __init__(self, why: str, wait_s: float = 0.0) -> None:
        super().__init__(why)
        self.why, self.wait_s = why, wait_s

    @property
    def stale(self) -> bool:
        """What is here is no beginning of what is there."""
        return self.why == CHANGED


@dataclass(frozen=True)
class Answer:
    """What a server says before the bytes."""

    response: http.client.HTTPResponse
    total: int
    """Bytes of the whole file; 0: it does not say."""
    validator: str
    """By which it knows this version of the file again; empty: it does not say."""
    sha256: str
    """What the hub says the sum is; empty: it does not say."""
    first: int
    """Which byte of the file the first one is."""


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects, never from https to http, and keeps what they say of a large file."""

    def __init__(self) -> None:
        self.linked: dict[str, str] = {}

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        """The request to the new address."""
        self.linked.update({name: headers[name] for name in (LINKED_ETAG, LINKED_SIZE) if headers.get(name)})
        if req.full_url.startswith("https:") and not newurl.startswith("https:"):
            host = urlsplit(req.full_url).hostname
            raise AssetsMissing(f"{host} leads to an address without encryption.", "Nothing was downloaded.")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def check_name(name: str) -> None:
    """Refuse a name that could lead out of a folder, on any system.

    Raises:
        InvalidInput: it is not a plain relative path.
    """
    parts = PurePosixPath(name).parts
    if not parts or ".." in parts or name.startswith("/") or set(name) & set('\\:*?"<>|\0'):
        raise InvalidInput(f"{name!r} is no name for a file in a folder.", "Use plain names and forward slashes.")


def ask(remote: Remote, have: int, validator: str) -> Answer | None:
    """Ask for a file, or for the rest of it.

    Args:
        have: bytes that are here.
        validator: of the version that they are of; empty: the sum will tell.

    Returns:
        the answer, whose response the caller closes; None: there is no byte after those.

    Raises:
        Dropped: no answer, or one that bids to come again.
        AssetsMissing: an answer that will not change.
    """
    redirects = _Redirects()
    request = urllib.request.Request(remote.address, headers=_headers(have, validator))
    try:
        response = urllib.request.build_opener(redirects).open(request, timeout=TIMEOUT_S)
    except urllib.error.HTTPError as error:
        with error:
            if error.code == 416 and have and have == _total(error.headers):
                return None
            raise _refusal(error, remote) from error
    except urllib.error.URLError as error:
        raise _unreachable(error, remote) from error
    except (OSError, http.client.HTTPException) as error:
        raise Dropped(f"the connection broke ({error})") from error
    return _answer(response, redirects.linked, remote)


def read(response: http.client.HTTPResponse) -> bytes:
    """The next chunk; empty at the end.

    Raises:
        Dropped: the connection broke.
    """
    try:
        return response.read1(CHUNK)
    except (OSError, http.client.HTTPException) as error:
        raise Dropped(f"the connection broke ({error})") from error


def _headers(have: int, validator: str) -> dict[str, str]:
    headers = {"User-Agent": "impromptu", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    if have and validator:
        headers["If-Range"] = validator
    return headers


def _refusal(error: urllib.error.HTTPError, remote: Remote) -> Exception:
    """The exception for an answer that is no file."""
    if error.code in BUSY:
        return Dropped(f"the server answers {error.code}", _retry_after(error.headers.get("Retry-After", "")))
    if error.code in (404, 410):
        return AssetsMissing(
            f"{remote.host} does not have {remote.name} any more ({error.code}).",
            "Get it elsewhere and name it in the environment, or update Impromptu.",
        )
    if error.code == 416:
        return Dropped(CHANGED)
    return AssetsMissing(
        f"{remote.host} does not give {remote.name} ({error.code} {error.reason}).",
        "Check whether the network, a proxy or the host asks for a login.",
    )


def _unreachable(error: urllib.error.URLError, remote: Remote) -> Exception:
    """The exception for no answer at all."""
    if isinstance(error.reason, ssl.SSLCertVerificationError):
        return AssetsMissing(
            f"{remote.host} could not prove who it is: {error.reason.verify_message}.",
            "Check the clock of this machine, and whether a proxy stands between.",
        )
    return Dropped(f"there is no connection ({getattr(error.reason, 'strerror', None) or error.reason})")


def _retry_after(value: str) -> float:
    """Seconds of a Retry-After header: a number or a date; 0 where it is neither."""
    if value.isdigit():
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError):
        return 0.0


def _total(headers: Any) -> int:
    """Bytes of the whole file by an answer's headers; 0 where they do not say."""
    found = re.fullmatch(r"bytes (?:\d+-\d+|\*)/(\d+)", headers.get("Content-Range") or "")
    length = found[1] if found else headers.get("Content-Length") or ""
    return int(length) if length.isdigit() else 0


def _answer(response: http.client.HTTPResponse, linked: dict[str, str], remote: Remote) -> Answer:
    """What an answer's headers say, and those of the redirects that led to it.

    Raises:
        AssetsMissing: it is not the file that was asked for.
    """
    headers = response.headers
    if headers.get_content_type() == "text/html":
        response.close()
        raise AssetsMissing(
            f"A web page came from {remote.host} in place of {remote.name}.",
            "The network may want a login: open a browser, sign in, then try again.",
        )
    size = linked.get(LINKED_SIZE) or ""
    total = _total(headers) or (int(size) if size.isdigit() else 0)
    if remote.sha256 and remote.bytes and total and total != remote.bytes:
        response.close()
        raise AssetsMissing(
            f"{remote.name} has {total} bytes at {remote.host}, not {remote.bytes}.",
            "It is not the published file; the network may put something else in its place.",
        )
    etag = headers.get("ETag") or ""
    validator = etag if etag and not etag.startswith("W/") else headers.get("Last-Modified") or ""
    start = (headers.get("Content-Range") or "").removeprefix("bytes ").partition("-")[0]
    first = int(start) if response.status == 206 and start.isdigit() else 0
    promised = _sum_of(linked.get(LINKED_ETAG) or headers.get(LINKED_ETAG) or "")
    return Answer(response, total, validator, promised, first)


def _sum_of(etag: str) -> str:
    """The sha256 that an ETag of the hub is; empty where it is something else."""
    bare = etag.strip().strip('"').lower()
    return bare if re.fullmatch(r"[0-9a-f]{64}", bare) else ""
