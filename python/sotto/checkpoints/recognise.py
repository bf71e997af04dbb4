"""What kind of checkpoint a path is: decided by what files hold, not by their names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from sotto.checkpoints.arrow_file import IPC, PARQUET
from sotto.checkpoints.checkpoint import Format, listed
from sotto.checkpoints.configuration import read_json
from sotto.checkpoints.hub import checkpoint_name
from sotto.errors import CheckpointError

SAFETENSORS = "model.safetensors"
SAFETENSORS_INDEX = "model.safetensors.index.json"
CTRANSLATE2 = "model.bin"
ARROW = ("model.arrow", "model.parquet")

_PART = re.compile(r"(?P<stem>.+)\.part(?P<number>\d{1,4})")
_HEAD = 128
_SPEC_NAME = re.compile(rb"[\x01-\xff]\0\0\0.\0[A-Za-z0-9]+\0", re.DOTALL)
"""How a CTranslate2 file begins: u32 version, u16 length, name of the spec, NUL."""


@dataclass(frozen=True)
class WeightFiles:
    """A recognised checkpoint.

    Attributes:
        name: stem of the file, or name of the directory where the file's is generic.
        format: what reads it.
        weights: the files with the weights: shards in the order of their names, parts in
            the order they are joined.
    """

    name: str
    format: Format
    weights: tuple[Path, ...]


def recognise(path: Path) -> WeightFiles:
    """The checkpoint at ``path``, a file, one part of a split file, or a directory.

    Raises:
        CheckpointError: nothing is there, it is none of the kinds, or a part is missing.
    """
    try:
        if path.is_dir():
            return _directory(path)
        if not path.is_file():
            raise CheckpointError(f"{path}: no such file or directory")
        if _PART.fullmatch(path.name):
            return recognise_parts(_siblings(path))
        return _file(path)
    except OSError as error:
        raise CheckpointError(f"can't read {path}: {error.strerror}") from error


def encoder_weights(folder: Path) -> WeightFiles:
    """The files of an encoder's weights, beside its config.json.

    Raises:
        CheckpointError: there are none of a format that encoders are read from.
    """
    files = recognise(folder)
    if files.format not in ("huggingface", "arrow"):
        raise CheckpointError(
            f"{folder} holds no safetensors, nor weights in Parquet or Arrow, which encoders are "
            "read from"
        )
    return files


def recognise_parts(parts: Sequence[Path]) -> WeightFiles:
    """The checkpoint that the files ``parts``, joined in this order, are.

    Raises:
        CheckpointError: there are none, one does not exist, or they are no CTranslate2 model.
    """
    if not parts:
        raise CheckpointError("no part of a checkpoint was given")
    for part in parts:
        if not part.is_file():
            raise CheckpointError(f"{part}: no such file, but it is a part of the checkpoint")
    first = parts[0]
    if len(parts) == 1 and not _PART.fullmatch(first.name):
        return _file(first)
    if _kind(first) != "ctranslate2":
        raise CheckpointError(
            f"{first} does not begin a CTranslate2 {CTRANSLATE2}, the only kind read in parts; "
            "is the first part missing, or the order another?"
        )
    return WeightFiles(_name(first), "ctranslate2", tuple(parts))


def _file(path: Path) -> WeightFiles:
    kind = _kind(path)
    if kind is None:
        size = path.stat().st_size
        raise CheckpointError(
            f"{path} ({size} bytes) is none of: an OpenAI .pt, Hugging Face safetensors, a "
            "CTranslate2 model.bin, weights in Parquet or Arrow IPC. "
            + ("Its download may be cut short" if size < 1 << 20 else "Its beginning fits none")
        )
    return WeightFiles(_name(path), kind, (path,))


def _kind(path: Path) -> Format | None:
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith((b"PK\x03\x04", b"\x80\x02")):  # zip; pickle, torch before 1.6
        return "openai"
    if _SPEC_NAME.match(head):
        return "ctranslate2"
    if head.startswith((PARQUET, IPC)):
        return "arrow"
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 1 << 32:
        return "huggingface"
    return None


def _name(path: Path) -> str:
    """``tiny.en`` of ``tiny.en.pt``; the directory's name where the file's says nothing."""
    file = path.name
    if match := _PART.fullmatch(file):
        file = match["stem"]
    stem = PurePath(file).stem
    if stem.partition("-")[0] in ("model", "pytorch_model"):
        return checkpoint_name(path.absolute().parent) or stem
    return stem


def _siblings(path: Path) -> list[Path]:
    """All parts of the split file that ``path`` is one of, in the order of their numbers."""
    match = _PART.fullmatch(path.name)
    assert match is not None
    stem = match["stem"]
    found: dict[int, Path] = {}
    for other in sorted(path.parent.iterdir()):
        part = _PART.fullmatch(other.name)
        if part and part["stem"] == stem:
            number = int(part["number"])
            if number in found:
                raise CheckpointError(f"{found[number]} and {other} are both part {number}")
            found[number] = other
    first = 0 if 0 in found else 1
    absent = [str(number) for number in range(first, max(found)) if number not in found]
    if absent:
        raise CheckpointError(
            f"{path.parent / stem} is split, and part {listed(absent)} is missing; there are "
            f"{listed([part.name for part in found.values()])}. If the parts lie apart, pass "
            "all their paths in order"
        )
    return [found[number] for number in sorted(found)]


def holds_weights(directory: Path) -> bool:
    """Whether there is a file in ``directory`` that makes it one of the kinds, whole or not."""
    try:
        return _weights_entry(directory) is not None
    except OSError:
        return False


def _weights_entry(directory: Path) -> str | None:
    """The name of the file that tells what kind a directory is."""
    for name in (SAFETENSORS_INDEX, SAFETENSORS, CTRANSLATE2, *ARROW):
        if (directory / name).is_file():
            return name
    for entry in sorted(directory.iterdir()):
        part = _PART.fullmatch(entry.name)
        if part and part["stem"] == CTRANSLATE2:
            return entry.name
    return None


def _directory(path: Path) -> WeightFiles:
    name = checkpoint_name(path)
    entry = _weights_entry(path)
    if entry is None:
        entries = sorted(entry.name for entry in path.iterdir())
        raise CheckpointError(
            f"{path} is a directory without a checkpoint: looked for {SAFETENSORS}, "
            f"{SAFETENSORS_INDEX}, {CTRANSLATE2}, {CTRANSLATE2}.part1, {' and '.join(ARROW)}; "
            f"found {listed(entries) or 'nothing'}.{_hint(path, entries)}"
        )
    if entry == SAFETENSORS_INDEX:
        return WeightFiles(name, "huggingface", _shards(path / entry))
    return replace(recognise(path / entry), name=name)


def _hint(path: Path, entries: Sequence[str]) -> str:
    if "pytorch_model.bin" in entries:
        return " Save the model as safetensors (save_pretrained), pickled weights are not read"
    torch_files = [entry for entry in entries if entry.endswith(".pt")]
    return f" Did you mean {path / torch_files[0]}?" if torch_files else ""


def _shards(index: Path) -> tuple[Path, ...]:
    """The shards that a safetensors index names, in the order of their names."""
    weight_map = read_json(index).get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise CheckpointError(f"{index} has no weight_map")
    names = set(weight_map.values())
    for name in names:
        # Shards lie beside their index: a path would lead out of the directory.
        if not isinstance(name, str) or PurePath(name).name != name or "\0" in name:
            raise CheckpointError(f"{index} names {name!r:.60}, which is not a file beside it")
    absent = sorted(name for name in names if not (index.parent / name).is_file())
    if absent:
        raise CheckpointError(f"{index.parent} lacks {listed(absent)}, which its index names")
    return tuple(index.parent / name for name in sorted(names))
