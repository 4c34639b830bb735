"""A server of files in a thread that can misbehave in every way that a download must survive."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FileServer(ThreadingHTTPServer):
    """Serves `files` by path; what it was asked is in `asked`, as (path, Range, If-Range)."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.asked: list[tuple[str, str, str]] = []
        self.drops: list[int] = []
        """After how many bytes of an answer the connection is cut, answer by answer."""
        self.statuses: list[int] = []
        """Answers without a file that come first."""
        self.ranges = self.etags = True
        self.careless = False
        """It sends the rest of a file even where the file has changed."""
        self.linked: dict[str, str] = {}
        """Headers of a redirect that every file is reached by, where there are any."""
        self.content_type = "application/octet-stream"
        self.hold: threading.Event | None = None
        """Bytes after the first half wait for it."""

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is what some tests are about."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: FileServer

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        server, asked = self.server, (self.headers.get("Range", ""), self.headers.get("If-Range", ""))
        server.asked.append((self.path, *asked))
        if server.statuses:
            self._bare(server.statuses.pop(0))
        elif server.linked and not self.path.startswith("/cdn"):
            self._bare(302, {"Location": f"{server.url}/cdn{self.path}", **server.linked})
        elif self.path.removeprefix("/cdn") not in server.files:
            self._bare(404)
        else:
            self._file(server.files[self.path.removeprefix("/cdn")], *asked)

    def _bare(self, status: int, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": "0", "Retry-After": "0", **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()

    def _file(self, content: bytes, range_: str, condition: str) -> None:
        etag = f'"{hashlib.md5(content).hexdigest()}"'
        found = re.fullmatch(r"bytes=(\d+)-", range_) if self.server.ranges else None
        first = int(found[1]) if found and (self.server.careless or condition in ("", etag)) else 0
        if first and first >= len(content):
            return self._bare(416, {"Content-Range": f"bytes */{len(content)}"})
        self.send_response(206 if first else 200)
        if first:
            self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
        if self.server.etags:
            self.send_header("ETag", etag)
        self.send_header("Content-Type", self.server.content_type)
        self.send_header("Content-Length", str(len(content) - first))
        self.end_headers()
        body = content[first:]
        if self.server.drops:
            body = body[: self.server.drops.pop(0)]
            self.close_connection = True
        half = len(body) // 2
        self.wfile.write(body[:half])
        self.wfile.flush()
        if self.server.hold is not None:
            self.server.hold.wait(20)
        self.wfile.write(body[half:])


@contextmanager
def serving() -> Iterator[FileServer]:
    """A server for as long as the block runs."""
    server = FileServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        if server.hold is not None:
            server.hold.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
