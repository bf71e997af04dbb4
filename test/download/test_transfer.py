"""Downloads, from a real server on this machine."""

from __future__ import annotations

import fcntl
import hashlib
import io
import logging
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from file_server import FileServer, serving

from sotto.download.transfer import download
from sotto.errors import DownloadError, OutputError

CONTENT = np.random.default_rng(0).bytes(3_000_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
OTHERWISE = "do something else"

PROGRAM = """
import sys
from pathlib import Path
from sotto.download.transfer import download
download(sys.argv[1], Path(sys.argv[2]), sys.argv[3], otherwise="do something else")
"""


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "model.pt"


@pytest.fixture
def part(target: Path) -> Path:
    """The place of the unfinished download; its directory is there."""
    target.parent.mkdir()
    return target.with_name("model.pt.part")


def fetch(server: FileServer, target: Path, sha256: str = SHA256) -> None:
    download(server.url, target, sha256, otherwise=OTHERWISE)


def test_the_file_arrives_whole_and_alone(target: Path) -> None:
    with serving(FileServer(CONTENT)) as server:
        fetch(server, target)
    assert target.read_bytes() == CONTENT
    assert list(target.parent.iterdir()) == [target]


def test_a_transfer_cut_short_is_kept_and_gone_on_from(target: Path) -> None:
    with serving(FileServer(CONTENT, stop_after=1_000_000)) as server:
        with pytest.raises(DownloadError, match="ended after 1000000 of 3000000 bytes"):
            fetch(server, target)
        assert [path.name for path in target.parent.iterdir()] == ["model.pt.part"]
        server.stop_after = None
        fetch(server, target)
        assert server.requested == [None, "bytes=1000000-"]
    assert target.read_bytes() == CONTENT
    assert list(target.parent.iterdir()) == [target]


def test_a_server_that_ignores_ranges_is_started_again_from(target: Path, part: Path) -> None:
    part.write_bytes(CONTENT[:1_000_000])
    with serving(FileServer(CONTENT, ranges=False)) as server:
        fetch(server, target)
        assert server.requested == ["bytes=1000000-"]
    assert target.read_bytes() == CONTENT


def test_a_part_that_is_already_whole_is_only_checked(target: Path, part: Path) -> None:
    part.write_bytes(CONTENT)
    with serving(FileServer(CONTENT)) as server:
        fetch(server, target)
        assert server.requested == ["bytes=3000000-"]
    assert target.read_bytes() == CONTENT


def test_a_part_longer_than_the_file_is_started_again(target: Path, part: Path) -> None:
    part.write_bytes(CONTENT + b"more")
    with serving(FileServer(CONTENT)) as server:
        fetch(server, target)
        assert server.requested == ["bytes=3000004-", None]
    assert target.read_bytes() == CONTENT


def test_another_digest_leaves_nothing_behind(target: Path) -> None:
    with (
        serving(FileServer(CONTENT[::-1])) as server,
        pytest.raises(DownloadError, match=f"expected {SHA256}"),
    ):
        fetch(server, target)
    assert list(target.parent.iterdir()) == []


def test_a_damaged_part_is_deleted_and_the_next_download_is_right(target: Path, part: Path) -> None:
    part.write_bytes(b"damaged")
    with serving(FileServer(CONTENT)) as server:
        with pytest.raises(DownloadError, match="It was deleted; try again"):
            fetch(server, target)
        fetch(server, target)
    assert target.read_bytes() == CONTENT


def test_without_a_network_the_error_names_address_target_and_alternatives(target: Path) -> None:
    with serving(FileServer(CONTENT)) as server:
        pass  # the port is free again, and nothing listens on it
    with pytest.raises(DownloadError) as caught:
        fetch(server, target)
    message = str(caught.value)
    assert server.url in message
    assert str(target) in message
    assert "refused" in message
    assert OTHERWISE in message
    assert list(target.parent.iterdir()) == []


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_refusal_by_the_server_is_told_by_its_status(target: Path, status: int) -> None:
    with (
        serving(FileServer(CONTENT, status=status)) as server,
        pytest.raises(DownloadError, match=f"the server answered {status}"),
    ):
        fetch(server, target)
    assert list(target.parent.iterdir()) == []


def test_a_directory_that_can_not_be_made_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with (
        serving(FileServer(CONTENT)) as server,
        pytest.raises(OutputError, match="can't write"),
    ):
        fetch(server, tmp_path / "file" / "model.pt")


def test_a_second_process_is_told_of_the_first(target: Path, part: Path) -> None:
    with part.open("wb") as first, serving(FileServer(CONTENT)) as server:
        fcntl.flock(first, fcntl.LOCK_EX)
        with pytest.raises(DownloadError, match="another process"):
            fetch(server, target)
        assert server.requested == []


def test_ctrl_c_leaves_only_what_the_next_download_goes_on_from(target: Path) -> None:
    with serving(FileServer(CONTENT, stall_after=2_000_000)) as server:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, server.url, target, SHA256],
            stderr=subprocess.PIPE,
            text=True,
        )
        part = target.with_name("model.pt.part")
        deadline = time.monotonic() + 20
        while not (part.exists() and part.stat().st_size > 1_000_000):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        assert "KeyboardInterrupt" in process.communicate(timeout=20)[1]
        assert list(target.parent.iterdir()) == [part]
        server.stall_after = None
        fetch(server, target)
        assert server.requested[1] is not None
    assert target.read_bytes() == CONTENT


def test_it_is_quiet_but_for_the_log_where_stderr_is_no_terminal(
    target: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO), serving(FileServer(CONTENT)) as server:
        fetch(server, target)
    assert capfd.readouterr() == ("", "")
    assert f"downloading {server.url}" in caplog.text


def test_a_terminal_sees_a_progress_bar_on_stderr(target: Path) -> None:
    leader, follower = pty.openpty()
    with serving(FileServer(CONTENT)) as server:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, server.url, target, SHA256],
            stdout=subprocess.PIPE,
            stderr=follower,
            env=os.environ | {"TERM": "xterm", "COLUMNS": "100"},
        )
        os.close(follower)
        shown = io.BytesIO()
        try:
            while chunk := os.read(leader, 4096):
                shown.write(chunk)
        except OSError:  # how Linux says that the other end is closed
            pass
        assert process.communicate(timeout=20)[0] == b""
    assert process.returncode == 0
    assert b"model.pt" in shown.getvalue()
    assert b"MB" in shown.getvalue()


def test_more_than_the_known_size_is_not_written(target: Path) -> None:
    message = "should have 1000 bytes, and the server has 3000000"
    with serving(FileServer(CONTENT)) as server, pytest.raises(DownloadError, match=message):
        download(server.url, target, SHA256, otherwise=OTHERWISE, size=1000)
    assert list(target.parent.iterdir()) == []


def test_a_part_longer_than_the_known_size_is_started_again(target: Path, part: Path) -> None:
    part.write_bytes(CONTENT + b"more")
    with serving(FileServer(CONTENT)) as server:
        download(server.url, target, SHA256, otherwise=OTHERWISE, size=len(CONTENT))
        assert server.requested == [None]
    assert target.read_bytes() == CONTENT


def test_a_redirection_is_followed_without_the_token(target: Path) -> None:
    with serving(FileServer(CONTENT)) as other, serving(FileServer(CONTENT)) as server:
        server.redirects["/model.pt"] = other.url
        download(server.url, target, SHA256, otherwise=OTHERWISE, token="secret")
        assert other.tokens == [None]
        server.redirects.clear()
        target.unlink()
        download(server.url, target, SHA256, otherwise=OTHERWISE, token="secret")
        assert server.tokens == ["Bearer secret"]
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x", "/x"])
def test_only_web_servers_are_asked(target: Path, url: str) -> None:
    with pytest.raises(DownloadError, match="begins with http"):
        download(url, target, SHA256, otherwise=OTHERWISE)
    redirects = {"/model.pt": "ftp://127.0.0.1/x"}
    with (
        serving(FileServer(CONTENT, redirects=redirects)) as server,
        pytest.raises(DownloadError, match="begins with http"),
    ):
        fetch(server, target)
    assert not target.exists()


def test_a_full_disk_is_told_and_what_fitted_is_kept(target: Path) -> None:
    full = "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    full += "resource.setrlimit(resource.RLIMIT_FSIZE, (10**6, 10**6))"
    with serving(FileServer(CONTENT)) as server:
        run = subprocess.run(
            [sys.executable, "-c", full + PROGRAM, server.url, target, SHA256],
            capture_output=True,
            text=True,
        )
        assert "OutputError: can't write" in run.stderr
        assert [path.name for path in target.parent.iterdir()] == ["model.pt.part"]
        fetch(server, target)
    assert target.read_bytes() == CONTENT
