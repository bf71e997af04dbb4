"""Packed weights that are kept between runs: full disks, damaged files, killed processes."""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import soundfile

from sotto.preprocess import read_audio
from sotto.runtime.locate import find_litert

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="weights are kept on Linux alone")

SCRIPTS = Path(sysconfig.get_path("scripts"))
COMMANDS = {
    "sotto transcribe": [str(SCRIPTS / "sotto"), "transcribe", "--sample_len", "12", "--model"],
    "sotto-native": [str(SCRIPTS / "sotto-native"), "--sample-len", "12", "--model"],
    "load_model": [
        *(sys.executable, "-c"),
        "import sys, sotto\n"
        "model = sotto.load_model(sys.argv[1])\n"
        "print(model.transcribe(sys.argv[2], sample_len=12)['text'])",
    ],
}
TEXT = "ask not what your country"


@pytest.fixture
def tiny(bundle: Callable[[str, str], Path]) -> Path:
    return bundle("tiny.en", "int8")


@pytest.fixture
def jfk(recording: Callable[[str], Path], tmp_path: Path) -> Path:
    """As 16 kHz WAV, which the native command reads."""
    path = tmp_path / "jfk.wav"
    soundfile.write(path, read_audio(recording("jfk.flac")), 16000, subtype="PCM_16")
    return path


def start(
    door: str, model: Path, sound: Path, cache: Path, largest: int | None = None
) -> subprocess.Popen[str]:
    """Starts a transcription with a cache of its own; ``largest``: of any file, in bytes."""

    def limit() -> None:
        if largest is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))

    environment = {**os.environ, "XDG_CACHE_HOME": str(cache), "SOTTO_LITERT": str(find_litert())}
    environment.pop("SOTTO_WEIGHT_CACHE", None)
    return subprocess.Popen(
        [*COMMANDS[door], str(model), str(sound)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=limit,
    )


def transcribed(
    door: str, model: Path, sound: Path, cache: Path, largest: int | None = None
) -> None:
    process = start(door, model, sound, cache, largest)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert TEXT in out.lower(), out + err
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


@pytest.mark.parametrize("door", COMMANDS)
def test_a_full_disk_is_no_error_and_nothing_is_left_on_it(
    door: str, tiny: Path, jfk: Path, disk: Callable[[int], Path]
) -> None:
    cache = disk(10)
    transcribed(door, tiny, jfk, cache)
    assert all(".partial-" not in path.name for path in kept(cache))


@pytest.mark.parametrize("megabytes", [20, 60])
def test_a_small_disk_keeps_what_it_has_room_for(
    megabytes: int, tiny: Path, jfk: Path, disk: Callable[[int], Path]
) -> None:
    cache = disk(megabytes)
    for _ in range(2):
        transcribed("sotto-native", tiny, jfk, cache)
    assert len(kept(cache)) >= 1  # the encoder's
    assert all(path.suffix == ".xnnpack" for path in kept(cache))


@pytest.mark.parametrize("door", COMMANDS)
def test_a_limit_on_file_sizes_ends_no_process(
    door: str, tiny: Path, jfk: Path, tmp_path: Path
) -> None:
    transcribed(door, tiny, jfk, tmp_path, largest=1 << 20)
    assert kept(tmp_path) == []


def test_a_cache_directory_that_can_not_be_made_is_no_error(
    tiny: Path, jfk: Path, tmp_path: Path
) -> None:
    (tmp_path / "sotto").write_text("a file where the directory should be")
    transcribed("sotto-native", tiny, jfk, tmp_path)


def _overwritten(size: int) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        with path.open("r+b") as file:
            file.seek(path.stat().st_size // 2 - size // 2)
            file.write(random.Random(0).randbytes(size))

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


def test_damaged_weights_are_found_and_packed_anew(tiny: Path, jfk: Path, tmp_path: Path) -> None:
    transcribed("sotto-native", tiny, jfk, tmp_path)
    whole = {path.name: path.read_bytes() for path in kept(tmp_path)}
    assert len(whole) == 2
    for name, damage in DAMAGES.items():
        for path in kept(tmp_path):
            damage(path)
        transcribed("sotto-native", tiny, jfk, tmp_path)
        assert {path.name: path.read_bytes() for path in kept(tmp_path)} == whole, name


@pytest.mark.slow
def test_a_kill_at_any_moment_loses_nothing(tiny: Path, jfk: Path, tmp_path: Path) -> None:
    chance = random.Random(0)
    begun = time.monotonic()
    transcribed("sotto-native", tiny, jfk, tmp_path)
    length = time.monotonic() - begun
    for path in kept(tmp_path):
        path.unlink()
    for _ in range(12):
        process = start("sotto-native", tiny, jfk, tmp_path)
        time.sleep(chance.uniform(0, length))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        if chance.random() < 0.5:
            for path in kept(tmp_path):
                if path.suffix == ".xnnpack":
                    path.unlink()
    transcribed("sotto-native", tiny, jfk, tmp_path)
    assert len(kept(tmp_path)) == 2
    assert all(path.suffix == ".xnnpack" for path in kept(tmp_path))
