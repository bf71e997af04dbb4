"""A .tflite file that is cut off or altered gives an error, whatever is wrong with it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from npu_graphs import REFUSED, TAKEN

from sotto.errors import ModelError
from sotto.npu.rules import judge

FILES = [TAKEN["CONV_2D"], TAKEN["COMPOSITE odml.l2_norm"], REFUSED["dynamic-range int8"][1]]


def read(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with suppress(ModelError):  # any other error fails the test
        judge(path)


@pytest.mark.parametrize("case", FILES, ids=["convolution", "composite", "int8"])
def test_a_file_that_is_cut_off_anywhere_gives_an_error_or_a_verdict(
    case: object, tmp_path: Path
) -> None:
    content = case(tmp_path).read_bytes()  # type: ignore[operator]
    for length in range(0, len(content), 3):
        read(tmp_path / "cut.tflite", content[:length])


@pytest.mark.parametrize("case", FILES, ids=["convolution", "composite", "int8"])
def test_a_file_with_altered_bytes_gives_an_error_or_a_verdict(
    case: object, tmp_path: Path
) -> None:
    content = np.frombuffer(case(tmp_path).read_bytes(), np.uint8)  # type: ignore[operator]
    random = np.random.default_rng(0)
    for _ in range(1500):
        altered = content.copy()
        places = random.integers(0, len(content), random.integers(1, 6))
        altered[places] = random.choice([0, 1, 4, 127, 128, 255], len(places))
        read(tmp_path / "altered.tflite", altered.tobytes())


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "can't read"),
        (b"hello, I am no model at all", "no .tflite file"),
        (b"\xff\xff\xff\x7fTFL3", "damaged"),
    ],
)
def test_what_is_no_model_is_said_to_be_none(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "none.tflite"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=why):
        judge(path)
