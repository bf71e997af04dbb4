"""A .tflite file that is cut off or altered gives an error, whatever is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hostile_graphs import altered_bytes, altered_graph
from npu_graphs import REFUSED, TAKEN

from sotto.errors import ModelError
from sotto.npu.check import check
from sotto.npu.plugin import own_adapter
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
@pytest.mark.parametrize("alter", [altered_bytes, altered_graph])
def test_an_altered_file_gives_an_error_or_a_verdict(
    case: object, alter: Callable[[bytes, np.random.Generator], bytes], tmp_path: Path
) -> None:
    content = case(tmp_path).read_bytes()  # type: ignore[operator]
    random = np.random.default_rng(0)
    for _ in range(1000):
        read(tmp_path / "altered.tflite", alter(content, random))


@pytest.mark.skipif(own_adapter() is None, reason="the plugin's library is built on Linux alone")
@pytest.mark.parametrize("alter", [altered_bytes, altered_graph])
def test_what_passes_the_reader_and_upsets_the_plugin_is_an_error_too(
    alter: Callable[[bytes, np.random.Generator], bytes], tmp_path: Path
) -> None:
    contents = [case(tmp_path).read_bytes() for case in TAKEN.values()]
    random = np.random.default_rng(1)
    path, judged, refused = tmp_path / "altered.tflite", 0, 0
    for i in range(90):
        path.write_bytes(alter(contents[i % len(contents)], random))
        try:
            check(path, ["mt6991"], None, lambda line: None)
            judged += 1
        except ModelError:  # any other error fails the test
            refused += 1
    assert judged > 5
    assert refused > 5


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
