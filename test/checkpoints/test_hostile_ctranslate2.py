"""A CTranslate2 file is not trusted: whatever it holds, a CheckpointError in little memory."""

from __future__ import annotations

import contextlib
import struct
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_whisper import TINIEST, ctranslate2_bytes, ctranslate2_variables, random_state

from sotto.checkpoints import CheckpointError, load_checkpoint

WHOLE = ctranslate2_bytes(
    ctranslate2_variables(TINIEST, random_state(TINIEST)),
    aliases={"decoder/projection/weight": "decoder/embeddings/weight"},
)
# The float32 copy, the index (Python objects of some hundred bytes an array), and slack for
# what the interpreter caches. A length taken on trust would ask for up to 4 GiB.
MEMORY = 2 << 20

EXAMPLES = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def load_in_little_memory(path: Path, content: bytes) -> None:
    """Load ``content``; anything but success and CheckpointError goes through."""
    path.write_bytes(content)
    tracemalloc.start()
    try:
        with contextlib.suppress(CheckpointError):
            load_checkpoint(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MEMORY


def test_the_file_that_the_others_damage_is_whole(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(WHOLE)
    assert load_checkpoint(tmp_path).dims == TINIEST


@EXAMPLES
@given(kept=st.integers(0, len(WHOLE) - 1))
def test_every_truncation_is_a_checkpoint_error(tmp_path: Path, kept: int) -> None:
    (tmp_path / "model.bin").write_bytes(WHOLE[:kept])
    with pytest.raises(CheckpointError):
        load_checkpoint(tmp_path / "model.bin")


@EXAMPLES
@given(
    changes=st.lists(
        st.tuples(st.integers(0, len(WHOLE) - 1), st.binary(min_size=1, max_size=8)),
        min_size=1,
        max_size=4,
    )
)
def test_overwritten_bytes_raise_nothing_else_and_allocate_little(
    tmp_path: Path, changes: list[tuple[int, bytes]]
) -> None:
    content = bytearray(WHOLE)
    for at, new in changes:
        content[at : at + len(new)] = new
    load_in_little_memory(tmp_path / "model.bin", bytes(content))


@EXAMPLES
@given(at=st.integers(0, len(WHOLE)), removed=st.integers(0, 64), inserted=st.binary(max_size=64))
def test_bytes_cut_out_or_put_in_raise_nothing_else_and_allocate_little(
    tmp_path: Path, at: int, removed: int, inserted: bytes
) -> None:
    content = WHOLE[:at] + inserted + WHOLE[at + removed :]
    load_in_little_memory(tmp_path / "model.bin", content)


@EXAMPLES
@given(tail=st.binary(max_size=400))
def test_any_bytes_after_the_spec_name_raise_nothing_else(tmp_path: Path, tail: bytes) -> None:
    head = struct.pack("<IH", 6, 12) + b"WhisperSpec\0"
    load_in_little_memory(tmp_path / "model.bin", head + tail)


HEADER = struct.pack("<IH", 6, 12) + b"WhisperSpec\0" + struct.pack("<I", 3)
NAMED = HEADER + struct.pack("<IH", 1, 2) + b"a\0"
LARGEST = 2**32 - 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (HEADER + struct.pack("<I", LARGEST) + bytes(64), "variables can't fit"),
        (NAMED + struct.pack("<B", 255) + bytes(2000), "rank 255"),
        (NAMED + struct.pack("<B4I", 4, *[LARGEST] * 4) + bytes(64), "its shape needs"),
        (
            NAMED + struct.pack("<BIBI", 1, LARGEST // 4, 0, LARGEST // 4 * 4) + bytes(64),
            "truncated: a needs",
        ),
        (NAMED + struct.pack("<BIBI", 1, 1, 9, 4) + bytes(64), "has type 9"),
        (HEADER + struct.pack("<IH", 1, 2) + b"ab" + bytes(64), "does not end in NUL"),
        (HEADER + struct.pack("<IH", 1, 2) + b"\xff\0" + bytes(64), "not UTF-8"),
        (HEADER + struct.pack("<II", 0, LARGEST) + bytes(64), "alias"),
    ],
    ids=["count", "rank", "dims", "bytes", "type", "string", "utf-8", "aliases"],
)
def test_a_hostile_length_is_refused_by_what_it_says(
    tmp_path: Path, content: bytes, message: str
) -> None:
    (tmp_path / "model.bin").write_bytes(content)
    with pytest.raises(CheckpointError, match=message):
        load_checkpoint(tmp_path)


def test_aliases_share_one_array_however_many_there_are(tmp_path: Path) -> None:
    variables = ctranslate2_variables(TINIEST, random_state(TINIEST))
    aliases = {
        name.replace("layer_0", f"layer_{layer}"): name
        for layer in range(1, 200)
        for name in variables
        if name.startswith("encoder/layer_0/")
    }
    (tmp_path / "model.bin").write_bytes(ctranslate2_bytes(variables, aliases=aliases))
    state = load_checkpoint(tmp_path).state
    first, last = (state[f"encoder.blocks.{layer}.mlp.0.weight"] for layer in (0, 199))
    assert first.base is not None
    assert first.base is last.base
