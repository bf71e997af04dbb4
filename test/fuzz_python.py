#!/usr/bin/env python3
"""A parser of Python's under atheris, which test/fuzz.py runs.

    python test/fuzz_python.py --examples FOLDER NAME
    python test/fuzz_python.py NAME [flags of libFuzzer] [FOLDER ...]

Whatever the bytes, a parser gives a value or raises the error that its docstring names. Any other
exception is a finding. What its libraries do in C++ or Rust is not looked into, but not spared.
"""

from __future__ import annotations

import importlib
import io
import json
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

TEST = Path(__file__).parent
sys.path[:0] = [str(TEST / "checkpoints"), str(TEST / "bundle"), str(TEST / "npu")]

FOLDER = Path(tempfile.mkdtemp(prefix="sotto-fuzz-"))


@dataclass(frozen=True)
class Target:
    """A parser under test.

    Attributes:
        parse: takes a file of any content.
        suffix: of the file's name.
        error: the only class that it may raise.
        examples: whole files, by name.
    """

    parse: Callable[[Path], object]
    suffix: str
    error: type[Exception]
    examples: Callable[[], dict[str, bytes]]


def safetensors() -> Target:
    from safetensors.numpy import save
    from small_whisper import TINIEST, random_state

    from sotto.checkpoints.huggingface import CONFIG_FIELDS, huggingface_key, read_huggingface
    from sotto.errors import CheckpointError

    config = {entry: getattr(TINIEST, dim) for dim, entry in CONFIG_FIELDS.items()}
    (FOLDER / "config.json").write_text(json.dumps({"model_type": "whisper", **config}))
    state = {huggingface_key(key): array for key, array in random_state(TINIEST).items()}
    return Target(
        lambda path: read_huggingface([path]),
        ".safetensors",
        CheckpointError,
        lambda: {"whisper": save(state)},
    )


def ctranslate2() -> Target:
    from small_whisper import TINIEST, ctranslate2_bytes, ctranslate2_variables, random_state

    from sotto.checkpoints.ctranslate2 import read_ctranslate2
    from sotto.errors import CheckpointError

    variables = ctranslate2_variables(TINIEST, random_state(TINIEST))
    aliases = {"decoder/projection/weight": "decoder/embeddings/weight"}
    return Target(
        lambda path: read_ctranslate2([path]),
        ".bin",
        CheckpointError,
        lambda: {"whisper": ctranslate2_bytes(variables, aliases=aliases)},
    )


def torch() -> Target:
    importlib.import_module("torch")  # here, as it takes longer than any input may

    from small_whisper import TINIEST, save_openai

    from sotto.checkpoints.openai import read_openai
    from sotto.errors import CheckpointError

    def examples() -> dict[str, bytes]:
        save_openai(FOLDER / "whole.pt", TINIEST)
        return {"whisper": (FOLDER / "whole.pt").read_bytes()}

    return Target(read_openai, ".pt", CheckpointError, examples)


def arrow() -> Target:
    from small_whisper import TINIEST, random_state

    from sotto.checkpoints.arrow import read_arrow, write_arrow
    from sotto.checkpoints.checkpoint import Checkpoint
    from sotto.errors import CheckpointError

    def examples() -> dict[str, bytes]:
        whole = Checkpoint("tiny", TINIEST, random_state(TINIEST), "openai", "", "0" * 64)
        found = {}
        for suffix in (".arrow", ".parquet"):
            write_arrow(whole, FOLDER / f"whole{suffix}")
            found[suffix[1:]] = (FOLDER / f"whole{suffix}").read_bytes()
        return found

    return Target(read_arrow, ".arrow", CheckpointError, examples)


def tflite_rules() -> Target:
    from sotto.errors import ModelError
    from sotto.npu.rules import judge

    corpus = TEST.parent / "cpp" / "fuzz" / "corpus" / "tflite"
    return Target(
        judge,
        ".tflite",
        ModelError,
        lambda: {path.name: path.read_bytes() for path in sorted(corpus.iterdir())},
    )


def bundle_manifest() -> Target:
    from made_manifests import ALL

    from sotto.bundle.reader import parse_manifest
    from sotto.errors import BundleError

    return Target(
        lambda path: parse_manifest(path.read_bytes(), path),
        ".json",
        BundleError,
        lambda: {name: make().to_json().encode() for name, make in ALL.items()},
    )


def bundle_archive() -> Target:
    from made_manifests import ALL

    from sotto.bundle.reader import open_bundle
    from sotto.bundle.zip_writer import StoredZip
    from sotto.errors import BundleError

    def examples() -> dict[str, bytes]:
        file = io.BytesIO()
        with StoredZip(file) as packed:
            manifest = ALL["vad"]().to_json().encode()
            for name, content in (("manifest.json", manifest), ("vad.tflite", b"abc")):
                packed.add(name, len(content), [content], 64)
        return {"vad": file.getvalue()}

    return Target(lambda path: open_bundle(path).check(), ".sotto", BundleError, examples)


TARGETS: dict[str, Callable[[], Target]] = {
    make.__name__: make
    for make in (
        arrow,
        bundle_archive,
        bundle_manifest,
        ctranslate2,
        safetensors,
        tflite_rules,
        torch,
    )
}


def main() -> None:
    if sys.argv[1] == "--examples":
        folder, name = Path(sys.argv[2]), sys.argv[3]
        folder.mkdir(parents=True, exist_ok=True)
        for example, content in TARGETS[name]().examples().items():
            (folder / example).write_bytes(content)
        return

    import atheris

    name = sys.argv.pop(1)
    with atheris.instrument_imports(include=["sotto", "flatbuffers", "ai_edge_litert"]):
        target = TARGETS[name]()
    path = FOLDER / f"input{target.suffix}"

    def one_input(data: bytes) -> None:
        path.write_bytes(data)
        with suppress(target.error):
            target.parse(path)

    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
