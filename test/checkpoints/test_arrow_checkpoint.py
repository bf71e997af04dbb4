"""Weights go to Parquet and Arrow IPC files and come back as they were."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_whisper import SMALL, TINIEST, random_state

from sotto.checkpoints import Checkpoint, CheckpointError, load_checkpoint
from sotto.checkpoints.arrow import write_arrow
from sotto.checkpoints.arrow_file import KEY
from sotto.errors import OutputError

pa = pytest.importorskip("pyarrow")
import pyarrow.parquet as pq  # noqa: E402

SUFFIXES = ["parquet", "arrow"]


def checkpoint(dims: object = SMALL) -> Checkpoint:
    return Checkpoint(
        name="small",
        dims=dims,
        state=random_state(dims),
        format="openai",
        source="made here",
        sha256="0" * 64,
        alignment_heads=[(1, 0), (2, 1)] if dims is SMALL else None,
    )


@pytest.fixture(params=SUFFIXES)
def written(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / f"weights.{request.param}"
    write_arrow(checkpoint(), path)
    return path


def test_a_checkpoint_comes_back_bit_for_bit(written: Path) -> None:
    loaded, original = load_checkpoint(written), checkpoint()
    assert loaded.dims == original.dims
    assert loaded.alignment_heads == original.alignment_heads
    assert loaded.format == "arrow"
    assert list(loaded.state) == list(original.state)
    for key, array in original.state.items():
        assert loaded.state[key].dtype == np.float32
        assert np.array_equal(loaded.state[key].view(np.uint32), array.view(np.uint32))


def test_it_is_told_by_its_content(written: Path) -> None:
    path = written.rename(written.with_name("renamed.bin"))
    assert load_checkpoint(path).dims == SMALL


def test_an_ipc_files_arrays_are_views_of_the_mapped_file(tmp_path: Path) -> None:
    path = tmp_path / "weights.arrow"
    write_arrow(checkpoint(), path)
    before = pa.total_allocated_bytes()
    state = load_checkpoint(path).state
    assert pa.total_allocated_bytes() - before < 10_000  # of 1.2 MB of weights
    maps = [
        tuple(int(side, 16) for side in line.split()[0].split("-"))
        for line in Path("/proc/self/maps").read_text().splitlines()
        if line.endswith(str(path))
    ]
    for array in state.values():
        start = array.__array_interface__["data"][0]
        assert any(low <= start and start + array.nbytes <= high for low, high in maps)
        assert not array.flags.writeable


def test_other_tools_read_the_parquet_file(tmp_path: Path) -> None:
    path = tmp_path / "weights.parquet"
    write_arrow(checkpoint(), path)
    table = pq.read_table(path)
    row = table.filter(pa.compute.equal(table["name"], "decoder.ln.bias")).to_pylist()[0]
    bias = np.frombuffer(row["data"], row["dtype"]).reshape(row["shape"])
    assert np.array_equal(bias, checkpoint().state["decoder.ln.bias"])
    assert json.loads(table.schema.metadata[KEY])["dims"] == asdict(SMALL)


def test_half_precision_of_another_writer_is_widened(tmp_path: Path) -> None:
    path = tmp_path / "weights.arrow"
    original = checkpoint()
    halves = {key: array.astype(np.float16) for key, array in original.state.items()}
    write_arrow(Checkpoint(**{**vars(original), "state": halves}), path)
    loaded = load_checkpoint(path)
    for key, array in halves.items():
        assert np.array_equal(loaded.state[key], array.astype(np.float32))


def test_an_unwritable_place_leaves_what_was_there(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"\.parquet or \.arrow"):
        write_arrow(checkpoint(), tmp_path / "weights.csv")
    with pytest.raises(OutputError, match="can't write"):
        write_arrow(checkpoint(), tmp_path / "absent" / "weights.arrow")
    assert list(tmp_path.iterdir()) == []


class Interrupted(dict[str, np.ndarray]):
    """Weights whose writing is interrupted after the first few."""

    def items(self):  # type: ignore[no-untyped-def]
        yield from list(super().items())[:3]
        raise KeyboardInterrupt


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_interruption_leaves_what_was_there(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"weights.{suffix}"
    path.write_bytes(b"before")
    state = Interrupted(random_state(SMALL))
    with pytest.raises(KeyboardInterrupt):
        write_arrow(Checkpoint(**{**vars(checkpoint()), "state": state}), path)
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"before"


def rewritten(path: Path, change: object) -> None:
    """The IPC file with the rows and the metadata that ``change`` gives."""
    with pa.memory_map(str(path)) as source:
        table = pa.ipc.open_file(source).read_all()
    rows = table.to_pylist()
    described = json.loads(table.schema.metadata[KEY])
    change(rows, described)  # type: ignore[operator]
    schema = table.schema.with_metadata({KEY: json.dumps(described).encode()})
    with pa.ipc.new_file(str(path), schema) as writer:
        for row in rows:
            writer.write_batch(pa.RecordBatch.from_pylist([row], schema=schema))


CHANGES = {
    "missing: decoder.ln.weight": lambda rows, _: rows.pop(
        next(i for i, row in enumerate(rows) if row["name"] == "decoder.ln.weight")
    ),
    "unknown: extra": lambda rows, _: rows.append({**rows[0], "name": "extra"}),
    "stored twice": lambda rows, _: rows.append(rows[0]),
    "wrong shape": lambda rows, _: rows[0].update(shape=[1, 2]),
    "bytes, expected": lambda rows, _: rows[0].update(data=b"\0\0\0\0"),
    "is 'int8'": lambda rows, _: rows[0].update(dtype="int8"),
    "has the shape": lambda rows, _: rows[0].update(shape=[-1, 3]),
    "not finite": lambda rows, _: rows[0].update(data=b"\xff" * len(rows[0]["data"])),
    "version 2": lambda _, described: described.update(version=2),
    "kind 'cake'": lambda _, described: described.update(kind="cake"),
    "n_mels is -1": lambda _, described: described["dims"].update(n_mels=-1),
    "alignment_heads holds": lambda _, described: described.update(alignment_heads=[[99, 0]]),
}


@pytest.mark.parametrize("message", CHANGES)
def test_a_file_that_is_no_whole_whisper_says_why(tmp_path: Path, message: str) -> None:
    path = tmp_path / "weights.arrow"
    write_arrow(checkpoint(), path)
    rewritten(path, CHANGES[message])
    with pytest.raises(CheckpointError, match=message):
        load_checkpoint(path)


def test_another_table_is_not_taken_for_weights(tmp_path: Path) -> None:
    path = tmp_path / "sales.parquet"
    pq.write_table(pa.table({"price": [1.0, 2.0]}), path)
    with pytest.raises(CheckpointError, match="has the columns price: double; weights have name"):
        load_checkpoint(path)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_cut_off_file_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"weights.{suffix}"
    write_arrow(checkpoint(), path)
    whole = path.read_bytes()
    for length in (8, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(CheckpointError, match="truncated or damaged"):
            load_checkpoint(path)


@pytest.fixture(scope="module")
def smallest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("arrow")
    for suffix in SUFFIXES:
        write_arrow(checkpoint(TINIEST), folder / f"weights.{suffix}")
    return {suffix: (folder / f"weights.{suffix}").read_bytes() for suffix in SUFFIXES}


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    suffix=st.sampled_from(SUFFIXES),
    place=st.floats(0, 1, exclude_max=True),
    value=st.integers(0, 255),
    length=st.integers(1, 8),
)
def test_a_changed_file_is_read_whole_or_refused(
    smallest: dict[str, bytes], tmp_path: Path, suffix: str, place: float, value: int, length: int
) -> None:
    content = bytearray(smallest[suffix])
    at = int(place * len(content))
    content[at : at + length] = bytes([value]) * length
    path = tmp_path / f"changed.{suffix}"
    path.write_bytes(content)
    try:
        loaded = load_checkpoint(path)
    except CheckpointError:
        return
    assert all(np.isfinite(array).all() for array in loaded.state.values())


def test_the_command_writes_the_weights_alone(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from sotto.cli import app

    source, target = tmp_path / "weights.parquet", tmp_path / "again.arrow"
    write_arrow(checkpoint(), source)
    done = CliRunner().invoke(app, ["convert", str(source), "--out", str(target)])
    assert done.exit_code == 0, done.stderr
    loaded = load_checkpoint(target)
    assert all(np.array_equal(loaded.state[k], v) for k, v in checkpoint().state.items())
    refused = CliRunner().invoke(
        app, ["convert", str(source), "--out", str(target), "--precision", "int8"]
    )
    assert refused.exit_code != 0
    assert "by no other option" in refused.stderr
