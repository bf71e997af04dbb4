"""``sotto-native embed``: the vectors that ``sotto.embed`` gives, without Python."""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
from pathlib import Path

import numpy as np
import pytest
from finished import Finished
from hand_made_bundle import write_image_bundle

from sotto.embed import ImageEncoder, TextEncoder
from sotto.runtime.locate import find_litert

NATIVE = Path(sysconfig.get_path("scripts")) / "sotto-native"
TEXTS = ["a b c", 'Он сказал: "да"\t明日']


def embed(*arguments: str | Path, stdin: str = "") -> Finished:
    done = subprocess.run(
        [NATIVE, "embed", *arguments],
        input=stdin.encode(),
        capture_output=True,
        env={**os.environ, "SOTTO_LITERT": str(find_litert())},
        check=False,
    )
    return Finished(done.returncode, done.stdout.decode(), done.stderr.decode())


def vectors(done: Finished) -> dict[str, np.ndarray]:
    """What was printed, by item."""
    lines = [json.loads(line) for line in done.out.splitlines()]
    return {line["item"]: np.array(line["vector"], np.float32) for line in lines}


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An encoder of pictures of 4 x 5 pixels."""
    return write_image_bundle(tmp_path_factory.mktemp("native") / "images")


def write_ppm(path: Path, pixels: np.ndarray, header: str = "P6\n{} {}\n255\n") -> Path:
    path.write_bytes(header.format(pixels.shape[1], pixels.shape[0]).encode() + pixels.tobytes())
    return path


def test_texts_files_and_lines_have_the_encoders_vectors(
    small_text_bundle: Path, small_text: TextEncoder, tmp_path: Path
) -> None:
    file = tmp_path / "note.txt"
    file.write_text("d e", encoding="utf-8")
    stdin = f"{TEXTS[0]}\r\n{TEXTS[1]}"
    done = embed("--model", small_text_bundle, "--text", "f", file, "-", stdin=stdin)
    assert (done.status, done.err) == (0, "")
    found = vectors(done)
    assert [*found] == ["f", str(file), *TEXTS]
    expected = small_text.encode(["f", "d e", *TEXTS])
    np.testing.assert_allclose(np.stack([*found.values()]), expected, atol=1e-6)


def test_vectors_may_be_the_models_own(small_text_bundle: Path, small_text: TextEncoder) -> None:
    arguments = ("--model", small_text_bundle, "--text", "g h", "--normalize", "False")
    (found,) = vectors(embed(*arguments)).values()
    np.testing.assert_allclose(found, small_text.encode("g h", normalize=False), rtol=1e-5)


def test_a_picture_is_read_from_ppm(images: Path, tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (7, 9, 3)).astype(np.uint8)
    plain = write_ppm(tmp_path / "plain.ppm", pixels)
    noted = write_ppm(tmp_path / "noted.ppm", pixels, "P6 # by hand\n#\n{} \t{}\n255 ")
    found = vectors(embed("--model", images, plain, noted))
    expected = ImageEncoder(images, threads=1).encode(pixels)
    for name in (plain, noted):
        np.testing.assert_allclose(found[str(name)], expected, atol=1e-6)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"P6 2 2 255\n" + bytes(11), "it ends before its pixels do"),
        (b"P6 2 2 255", "it ends before its pixels do"),
        (b"P6 99999999999999999999 2 255\n", "its size is not 1 to 65536"),
        (b"P6 65536 65536 255\n", "it ends before its pixels do"),
        (b"P6 0 2 255\n", "its size is not 1 to 65536"),
        (b"P6 # and so on", "its size is not 1 to 65536"),
        (b"P6 1 1 65535\n" + bytes(6), "its samples are not of 8 bits"),
        (b"\xff\xd8\xff", "has no encoder of text"),
    ],
)
def test_a_damaged_picture_is_refused_and_the_next_embedded(
    images: Path, tmp_path: Path, content: bytes, message: str
) -> None:
    bad = tmp_path / "bad.ppm"
    bad.write_bytes(content)
    good = write_ppm(tmp_path / "good.ppm", np.zeros((4, 5, 3), np.uint8))
    done = embed("--model", images, bad, good)
    assert done.status == 1
    assert done.error.startswith(f"{bad}: ")
    assert message in done.error
    assert [*vectors(done)] == [str(good)]


def test_files_that_can_not_be_read_are_named(small_text_bundle: Path, tmp_path: Path) -> None:
    gone = tmp_path / "gone.txt"
    done = embed("--model", small_text_bundle, gone, tmp_path, "--text", "a")
    assert done.status == 1
    errors = done.err.splitlines()
    assert [line.split(" ")[1] for line in errors] == [str(gone), str(tmp_path)]
    assert errors[0].endswith("No such file or directory")
    assert errors[1].endswith("is not a regular file")
    assert [*vectors(done)] == ["a"]


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        ((), 2, "--model is needed"),
        (("--model", "x"), 2, "nothing to embed"),
        (("--model", "x", "--text"), 2, "--text needs a value"),
        (("--model", "x", "--beam-size", "2"), 2, "unknown option --beam-size"),
        (("--model", "gone", "--text", "a"), 1, "gone"),
    ],
)
def test_a_wrong_command_line_is_explained(
    arguments: tuple[str, ...], status: int, message: str
) -> None:
    done = embed(*arguments)
    assert (done.status, done.out) == (status, "")
    assert message in done.error
