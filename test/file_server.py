"""A real HTTP server on 127.0.0.1 of one large file and some small, and the ways one can be."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class FileServer:
    """What is served, and what was asked for.

    Attributes:
        content: the file.
        ranges: whether Range is obeyed.
        stop_after: bytes of a body after which the connection is closed, if any.
        stall_after: bytes of a body after which nothing more is sent until the end.
        status: answer to everything, where it is not 200.
        others: other files, by their paths.
        redirects: addresses that are answered instead of paths.
        requested: the Range header of each request, None where there was none.
        tokens: the Authorization header of each, likewise.
    """

    content: bytes
    ranges: bool = True
    stop_after: int | None = None
    stall_after: int | None = None
    status: int = 200
    others: dict[str, bytes] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    requested: list[str | None] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)
    url: str = ""
    closing: threading.Event = field(default_factory=threading.Event)


@contextmanager
def serving(server: FileServer) -> Iterator[FileServer]:
    """``server`` with its ``url``, up for the length of the block."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            if self.path in server.redirects:
                self.send_response(302)
                self.send_header("Location", server.redirects[self.path])
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            if self.path in server.others:
                body = server.others[self.path]
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                return
            server.requested.append(wanted)
            server.tokens.append(self.headers.get("Authorization"))
            if server.status != 200:
                self.send_error(server.status)
                return
            start, size = 0, len(server.content)
            if wanted and server.ranges:
                start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1])  # type: ignore[index]
                if start >= size:
                    self.send_response(416)
                    self.send_header("Content-Range", f"bytes */{size}")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
            else:
                self.send_response(200)
            body = server.content[start:]
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            stop = server.stop_after if server.stall_after is None else server.stall_after
            self.wfile.write(body[:stop])
            if server.stall_after is not None:
                self.wfile.flush()
                server.closing.wait(30)

    http_server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http_server.daemon_threads = True
    thread = threading.Thread(target=http_server.serve_forever, args=(0.02,))
    thread.start()
    server.url = f"http://127.0.0.1:{http_server.server_port}/model.pt"
    try:
        yield server
    finally:
        server.closing.set()
        http_server.shutdown()
        thread.join()
        http_server.server_close()
