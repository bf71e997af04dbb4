"""A server of repositories on 127.0.0.1, as far as huggingface_hub asks Hugging Face's."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit


@dataclass
class HubServer:
    """What is served, and what was asked for.

    Attributes:
        repositories: the files of each, by ``ORG/NAME``.
        commit: of all of them; ``main`` and the tag ``v1`` stand for it.
        token: who may ask; None: everybody.
        requested: the paths of files that were sent.
    """

    repositories: Mapping[str, Mapping[str, bytes]]
    commit: str = "0123456789abcdef0123456789abcdef01234567"
    token: str | None = None
    requested: list[str] = field(default_factory=list)
    url: str = ""

    def answer(self, path: str, token: str | None) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of a request."""
        parts = unquote(urlsplit(path).path).strip("/").split("/")
        api = parts[:2] == ["api", "models"]
        name = "/".join(parts[2:4] if api else parts[:2])
        rest = parts[4:] if api else parts[2:]
        files = self.repositories.get(name)
        if files is None or (self.token and token != f"Bearer {self.token}"):
            return 404, {"X-Error-Code": "RepoNotFound"}, b"{}"
        revision = rest[1] if len(rest) > 1 else "main"
        if revision not in ("main", "v1", self.commit):
            return 404, {"X-Error-Code": "RevisionNotFound"}, b"{}"
        if api and rest[:1] == ["tree"]:
            listed = [{"type": "file", "path": path, **_blob(data)} for path, data in files.items()]
            return 200, {}, json.dumps(listed).encode()
        if api:
            siblings = [{"rfilename": path} for path in files]
            info = {"id": name, "modelId": name, "sha": self.commit, "siblings": siblings}
            return 200, {}, json.dumps(info).encode()
        data = files.get("/".join(rest[2:]))
        headers = {"X-Repo-Commit": self.commit}
        if data is None:
            return 404, {**headers, "X-Error-Code": "EntryNotFound"}, b""
        return 200, {**headers, "ETag": f'"{_blob(data)["oid"]}"'}, data


def _blob(data: bytes) -> dict[str, object]:
    return {"oid": hashlib.sha1(data).hexdigest(), "size": len(data)}


@contextmanager
def serving_hub(server: HubServer) -> Iterator[HubServer]:
    """``server`` with its ``url``, up for the length of the block."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def send(self, with_body: bool) -> None:
            status, headers, body = server.answer(self.path, self.headers.get("Authorization"))
            if with_body and status == 200 and "/resolve/" in self.path:
                server.requested.append(self.path.split("/", 5)[5])
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if with_body:
                self.wfile.write(body)

        def do_GET(self) -> None:
            self.send(with_body=True)

        def do_HEAD(self) -> None:
            self.send(with_body=False)

    http_server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http_server.daemon_threads = True
    thread = threading.Thread(target=http_server.serve_forever, args=(0.02,))
    thread.start()
    server.url = f"http://127.0.0.1:{http_server.server_port}"
    try:
        yield server
    finally:
        http_server.shutdown()
        thread.join()
        http_server.server_close()
