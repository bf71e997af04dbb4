"""sotto index, sotto search and sotto embed as a shell runs them."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from finished import Finished
from typer.testing import CliRunner

from sotto.cli import app
from sotto.npu.aot import find_compiler
from sotto.npu.compile import compile_bundle
from sotto.npu.plugin import own_adapter

Sotto = Callable[..., Finished]
Options = tuple[str | Path, ...]

COMMAND = [sys.executable, "-m", "sotto.cli"]


@pytest.fixture
def sotto(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sotto:
    """Runs a command, in this process, over an index of the test's own."""
    monkeypatch.setenv("SOTTO_INDEX", str(tmp_path / "index"))

    def run(*arguments: str | Path, stdin: bytes = b"") -> Finished:
        done = CliRunner().invoke(app, [str(each) for each in arguments], input=stdin)
        assert done.exception is None or isinstance(done.exception, SystemExit)
        return Finished(done.exit_code, done.stdout, done.stderr)

    return run


@pytest.fixture
def models(minilm: Path, tiny_en: Path) -> tuple[str | Path, ...]:
    """The options that choose small models."""
    return ("--model", minilm, "--speech_model", tiny_en, "--threads", "1")


def hits(done: Finished) -> list[dict]:
    assert done.status == 0, done.err
    return [json.loads(line) for line in done.out.splitlines()]


def test_a_folder_is_indexed_searched_listed_and_removed(
    sotto: Sotto, models: Options, with_recording: Path
) -> None:
    done = sotto("index", "add", with_recording, *models)
    assert done.status == 1  # one of the files is broken
    assert "latin.txt: is not UTF-8" in done.err
    assert "5 added (1 audio, 1 code, 3 text)" in done.err
    assert "1 skipped" in done.err
    assert done.out == ""

    clip, *_ = hits(sotto("search", "the best of times, the worst of times", "--json"))
    assert clip["path"] == str(with_recording / "novel.wav")
    assert clip["modality"] == "audio"
    assert 0 <= clip["seconds"][0] < 2
    code, *_ = hits(sotto("search", "call again after a network failure", "--json"))
    assert (code["path"], code["lines"]) == (str(with_recording / "src" / "retry.py"), [1, 10])

    lines = sotto("search", "図書館", "--top", "2", "--match", "words").out.splitlines()
    score, path, place, text = lines[0].split("\t")
    assert float(score) > 0
    assert (path, place) == (str(with_recording / "library.txt"), "1")
    assert "図書館" in text

    (collection,) = json.loads(sotto("index", "status", "--json").out)["collections"]
    assert collection["space"].startswith("all-MiniLM-L6-v2@")
    listed = sotto("index", "list", with_recording / "src").out
    assert listed == f"code\t1\t{with_recording / 'src' / 'retry.py'}\n"

    removed = sotto("index", "remove", with_recording / "src", with_recording / "novel.wav")
    assert removed.status == 0
    found = hits(sotto("search", "the best of times", "--json"))
    assert {Path(hit["path"]).name for hit in found} == {"bread.md", "library.txt"}


@pytest.mark.parametrize(
    "how", [signal.SIGINT, pytest.param(signal.SIGKILL, marks=pytest.mark.slow)]
)
def test_a_run_that_is_ended_leaves_a_good_index_and_the_next_goes_on(
    sotto: Sotto, models: Options, notes: Path, how: signal.Signals
) -> None:
    files = 2000
    for number in range(files):
        (notes / f"{number}.txt").write_text(f"This is note number {number}.")
    process = subprocess.Popen(
        [*COMMAND, "index", "add", str(notes), *map(str, models)],
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    known: list[str] = []
    while not known and time.monotonic() < deadline:
        time.sleep(0.05)
        known = sotto("index", "list").out.splitlines()
    process.send_signal(how)
    _, err = process.communicate(timeout=60)
    assert "Traceback" not in err
    if how is signal.SIGINT:
        assert process.returncode == 130
        assert "interrupted" in err
    kept = sotto("index", "list").out.splitlines()
    assert len(known) <= len(kept) < files
    assert hits(sotto("search", "note", "--json", "--top", "3"))
    done = sotto("index", "add", notes, *models)
    assert f"{len(kept)} unchanged" in done.err
    assert len(sotto("index", "list").out.splitlines()) == files + 4


def test_vectors_are_printed_as_json_a_line_each(sotto: Sotto, minilm: Path) -> None:
    stdin = b"a cat\na kitten\nquantum physics\n"
    found = hits(sotto("embed", "-", "--model", minilm, stdin=stdin))
    assert [each["item"] for each in found] == ["a cat", "a kitten", "quantum physics"]
    vectors = np.array([each["vector"] for each in found])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)  # seven digits
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.3


@pytest.mark.parametrize("output_format", ["npy", "arrow", "parquet"])
def test_vectors_are_written_in_other_formats(
    sotto: Sotto, minilm: Path, notes: Path, tmp_path: Path, output_format: str
) -> None:
    files = [notes / "bread.md", notes / "empty.txt"]
    output = tmp_path / "vectors"
    done = sotto("embed", *files, "--model", minilm, "-f", output_format, "-o", output)
    assert (done.status, done.out) == (0, "")
    data = output.read_bytes()
    if output_format == "npy":
        vectors = np.load(io.BytesIO(data))
    else:
        import pyarrow.parquet

        if output_format == "arrow":
            table = pyarrow.ipc.open_stream(data).read_all()
        else:
            table = pyarrow.parquet.read_table(io.BytesIO(data))
        assert table["item"].to_pylist() == [str(file) for file in files]
        vectors = np.array(table["vector"].to_pylist())
    assert vectors.shape == (2, 384)
    assert list(tmp_path.glob(".vectors*")) == []


def test_a_file_that_can_t_be_embedded_does_not_lose_the_others(
    sotto: Sotto, minilm: Path, notes: Path
) -> None:
    done = sotto("embed", notes / "latin.txt", notes / "bread.md", "--model", minilm)
    assert done.status == 1
    assert "latin.txt: is not UTF-8" in done.err
    assert len(done.out.splitlines()) == 1
    done = sotto("embed", notes / "latin.txt", notes / "bread.md", "--model", minilm, "-f", "npy")
    assert (done.status, done.out) == (1, "")
    assert "nothing was written" in done.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("search", "x"), "no index"),
        (("index", "list"), "no index"),
        (("index", "add", "/no/such/folder"), "does not exist"),
        (("index", "add", "/", "--modality", "video"), "modality 'video'"),
        (("index", "add", "/", "--storage_option", "key"), "NAME=VALUE"),
        (("embed", "-", "--model", "no-such-model"), "sotto convert"),
    ],
)
def test_mistakes_are_one_line_that_says_what_to_do(
    sotto: Sotto, arguments: tuple[str, ...], message: str
) -> None:
    done = sotto(*arguments)
    assert (done.status, done.out) == (1, "")
    assert message in done.err
    assert done.err.startswith("error: ")


@pytest.fixture
def copied(sotto: Sotto, notes: Path, minilm: Path, tmp_path: Path) -> Path:
    """A bundle that a folder was indexed with."""
    copy = tmp_path / "minilm"
    copy.mkdir()
    for file in minilm.iterdir():
        if file.is_file():
            (copy / file.name).write_bytes(file.read_bytes())
    done = sotto("index", "add", notes, "--model", copy, "--speech_model", "none", "--threads", "1")
    assert "records written" in done.err
    return copy


def rebuild(bundle: Path, **changes: object) -> None:
    """Makes the manifest that of another build."""
    manifest = json.loads((bundle / "manifest.json").read_text())
    (bundle / "manifest.json").write_text(json.dumps({**manifest, **changes}))


def test_a_bundle_made_anew_by_other_tools_needs_nothing_embedded_again(
    sotto: Sotto, notes: Path, copied: Path
) -> None:
    before = sotto("search", "bread", "--json").out
    rebuild(copied, tools={"sotto": "later", "torch": "9.0"})
    done = sotto("search", "bread", "--json")
    assert (done.status, done.out) == (0, before)
    again = sotto(
        "index", "add", notes, "--model", copied, "--speech_model", "none", "--threads", "1"
    )
    assert "; 0 records written" in again.err


def test_a_bundle_of_other_weights_is_not_searched_with(sotto: Sotto, copied: Path) -> None:
    copy = copied
    rebuild(copied, source={"checkpoint": "x", "format": "huggingface", "sha256": "f" * 64})
    done = sotto("search", "bread")
    assert done.status == 1
    assert "can't be compared" in done.err
    assert "index again" in done.err
    done = sotto("search", "bread", "--model", copy)
    assert (done.status, "no vectors of" in done.err) == (1, True)


@pytest.mark.skipif(own_adapter() is None, reason="the plugin's library is built on Linux alone")
def test_an_index_is_filled_and_asked_on_the_npu(
    sotto: Sotto, small_text_bundle: Path, tmp_path: Path
) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "letters.txt").write_text("a b c")
    models = ("--model", small_text_bundle, "--speech_model", "none")
    npu = ("--accelerator", "npu", "--npu_dispatch", "host")
    refused = sotto("index", "add", tmp_path / "notes", *models, *npu)
    assert "has no files for an NPU" in refused.err

    compiler = find_compiler(["mt6991"], dry_run=True, adapter=None)
    compile_bundle(small_text_bundle, compiler, tmp_path / "compiled", lambda _: None)
    models = ("--model", tmp_path / "compiled", *models[2:])
    done = sotto("index", "add", tmp_path / "notes", *models, *npu)
    assert done.status == 0, done.err
    (hit,) = hits(sotto("search", "a b", "--match", "meaning", "--json", *npu))
    assert hit["path"] == str(tmp_path / "notes" / "letters.txt")
    refused = sotto("search", "a b", "--match", "meaning", "--model", small_text_bundle, *npu)
    assert "has no files for an NPU" in refused.err
