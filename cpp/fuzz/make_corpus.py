#!/usr/bin/env python3
"""Makes the fuzzers' examples anew, under ``cpp/fuzz/corpus``: small files of each format.

    python cpp/fuzz/make_corpus.py

Needs the bundles that ``python test/make_bundles.py`` makes, and the extra ``embed``. The examples
of tflite are graphs of one operation each, and are not made here.
"""

from __future__ import annotations

import base64
import io
import json
import re
import struct
import wave
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from sotto.bundle.zip_writer import StoredZip

REPOSITORY = Path(__file__).resolve().parents[2]
CORPUS = Path(__file__).parent / "corpus"

SIZE = 3
"""Bytes of each file that a manifest lists, as ``manifest_fuzz.cc`` has them."""


def write(folder: str, name: str, content: bytes | str) -> None:
    """One example."""
    path = CORPUS / folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def manifest(bundle: str) -> dict[str, Any]:
    """A bundle's, without what only tools read."""
    content: dict[str, Any] = json.loads(
        (REPOSITORY / "models" / bundle / "manifest.json").read_text()
    )
    for key in ("layers", "torchscript", "tools", "source", "static"):
        content.pop(key, None)
    for entry in content["files"].values():
        entry["size"] = SIZE
    return content


def small_whisper() -> dict[str, Any]:
    """One layer and one window of tiny.en's, some of it compiled for an NPU."""
    content = manifest("whisper-tiny.en")
    for component in content["components"]:
        component["spec"]["layers"] = 1
        component["graphs"] = [g for g in component["graphs"] if g["name"].endswith("_10s")]
        for graph in component["graphs"]:
            for side in ("inputs", "outputs"):
                graph[side] = [t for t in graph[side] if not re.search(r"_[1-9]\d*$", t["name"])]
    content["whisper"]["alignment_heads"] = [[0, 0]]
    for role in ("suppress", "suppress_at_begin"):
        content["whisper"][role] = content["whisper"][role][:2]
    compiled = {"encoder.tflite": "npu/encoder.tflite", "decoder.tflite": "npu/decoder.tflite"}
    content["npu"] = {
        "mt6991": {
            "format": "litert",
            "compiler": "neuron",
            "sdk": "8.2.24",
            "files": compiled,
            "signatures": ["encode_10s", "decode_10s", "prefill_10s"],
        }
    }
    digest = next(iter(content["files"].values()))["sha256"]
    for name in compiled.values():
        content["files"][name] = {"size": SIZE, "sha256": digest}
    used = set(re.findall(r'"([\w./-]+\.\w+)"', json.dumps({**content, "files": {}})))
    content["files"] = {name: e for name, e in content["files"].items() if name in used}
    return content


def manifests() -> None:
    bundles = {
        "whisper": small_whisper(),
        "vad": manifest("silero-vad"),
        "text": manifest("all-MiniLM-L6-v2"),
        "audio": manifest("whisper-base-embed"),
    }
    for name, content in bundles.items():
        write("manifest", f"{name}.json", json.dumps(content))


def arrays() -> None:
    for dtype in ("<f4", "<f2", "|i1"):
        file = io.BytesIO()
        np.save(file, np.arange(6).reshape(2, 3).astype(dtype))
        write("npy", f"{dtype[1:]}.npy", file.getvalue())
    file = io.BytesIO()
    np.lib.format.write_array(file, np.zeros((1, 2, 2), np.float32), version=(2, 0))
    write("npy", "version_2.npy", file.getvalue())


def vocabulary() -> None:
    tokens = [*(bytes([byte]) for byte in b"It's 1859,T\n e"), b"'s", b" T", b"ll", b"85", b"\xc3"]
    lines = [f"{base64.b64encode(token).decode()} {rank}\n" for rank, token in enumerate(tokens)]
    write("tiktoken", "small.tiktoken", "".join(lines))


def archive() -> None:
    file = io.BytesIO()
    with StoredZip(file) as packed:
        for name, content in (("manifest.json", b"{}"), ("a/b.npy", b"abc"), ("empty", b"")):
            packed.add(name, len(content), [content], 64)
    write("archive", "small.sotto", file.getvalue())


def tokenizers() -> None:
    words = ["[UNK]", "[CLS]", "[SEP]", *"abcdeilnstT'!:1859", "##a", "##s", "ell", "##on", "été"]
    word_pieces = Tokenizer(
        models.WordPiece(
            {word: i for i, word in enumerate(dict.fromkeys(words))}, unk_token="[UNK]"
        )
    )
    word_pieces.normalizer = normalizers.BertNormalizer()
    word_pieces.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    word_pieces.post_processor = processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1))
    word_pieces.add_special_tokens(["[UNK]", "[CLS]", "[SEP]"])
    write("tokenizer_json", "word_pieces.json", word_pieces.to_str())

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    ids = {token: i for i, token in enumerate(["<s>", "</s>", *alphabet, "Ġt", "el", "ell", "'s"])}
    pairs = Tokenizer(models.BPE(ids, [("e", "l"), ("el", "l"), ("'", "s")]))
    pairs.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    pattern = r"'s|'t| ?\p{L}+| ?\p{N}{1,3}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
    pairs.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), "isolated"),
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    pairs.post_processor = processors.RobertaProcessing(("</s>", 1), ("<s>", 0))
    pairs.decoder = decoders.ByteLevel()
    pairs.add_special_tokens(["<s>", "</s>"])
    write("tokenizer_json", "byte_pairs.json", pairs.to_str())


def sounds() -> None:
    samples = (np.sin(np.arange(40) / 3) * 20000).astype("<i2")
    for channels in (1, 2):
        file = io.BytesIO()
        with wave.open(file, "wb") as out:
            out.setnchannels(channels)
            out.setsampwidth(2)
            out.setframerate(16000)
            out.writeframes(samples.tobytes())
        write("wav", f"{channels}_channels.wav", file.getvalue())
    # Formats 3 (float) and 0xFFFE (extensible), which the standard library does not write.
    guid = struct.pack("<H", 1) + bytes.fromhex("0000000010008000 00aa00389b71".replace(" ", ""))
    for name, tag, bits, data, more in (
        ("float", 3, 32, (samples / 32768).astype("<f4").tobytes(), b""),
        ("24_bits", 0xFFFE, 24, bytes(60), struct.pack("<HHI", 22, 24, 4) + guid),
    ):
        size = bits // 8
        fields = struct.pack("<HHIIHH", tag, 1, 16000, 16000 * size, size, bits) + more
        chunks = b"fmt " + struct.pack("<I", len(fields)) + fields
        chunks += b"data" + struct.pack("<I", len(data)) + data
        header = b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE"
        write("wav", f"{name}.wav", header + chunks)


def networks() -> None:
    """Recorded graphs, ``cpp/neuron_host/network_file.h``: a sum, and a fully connected layer."""
    matrix = {"type": 3, "dimensions": [2, 4], "value": [0, 32]}
    vector = {"type": 3, "dimensions": [4], "value": [0, 16]}
    two = {"type": 3, "dimensions": [2], "value": [64, 8]}
    x, y = {"type": 3, "dimensions": [1, 4]}, {"type": 3, "dimensions": [1, 2]}
    zero = {"type": 1, "dimensions": [], "value": [128, 4]}
    for name, code, operands in (
        ("ADD", 0, [x, vector, zero, x]),
        ("FULLY_CONNECTED", 9, [x, matrix, two, zero, y]),
    ):
        last = len(operands) - 1
        operation = {"code": code, "name": name, "inputs": [*range(last)], "outputs": [last]}
        content = {
            "library": "sotto neuron_host",
            "soc": "mt6991",
            "name": "main",
            "relaxed": True,
            "inputs": [0],
            "outputs": [last],
            "operands": operands,
            "operations": [operation],
        }
        text = json.dumps(content).encode()
        text += b" " * (-(16 + len(text)) % 64)
        header = b"SOTTONET" + struct.pack("<II", 1, len(text))
        write("network", f"{name}.bin", header + text + bytes(132))


def bytecode() -> None:
    """One partition, as ``litert/vendors/mediatek/schema/neuron_schema.fbs`` has it."""
    builder = flatbuffers.Builder(0)
    name = builder.CreateString("Partition_0")
    builder.StartObject(1)
    builder.PrependInt32Slot(0, 0, 1)
    index = builder.EndObject()
    builder.StartObject(4)
    builder.PrependUOffsetTRelativeSlot(0, name, 0)
    builder.PrependUint8Slot(2, 1, 0)
    builder.PrependUOffsetTRelativeSlot(3, index, 0)
    subgraph = builder.EndObject()
    code = builder.CreateByteVector(b"code of it")
    builder.StartObject(2)
    builder.PrependUOffsetTRelativeSlot(1, code, 0)
    buffer = builder.EndObject()
    vectors = []
    for table in (subgraph, buffer):
        builder.StartVector(4, 1, 4)
        builder.PrependUOffsetTRelative(table)
        vectors.append(builder.EndVector())
    builder.StartObject(3)
    builder.PrependUOffsetTRelativeSlot(1, vectors[0], 0)
    builder.PrependUOffsetTRelativeSlot(2, vectors[1], 0)
    builder.Finish(builder.EndObject())
    write("bytecode", "one.bin", bytes(builder.Output()))


if __name__ == "__main__":
    for make in (manifests, arrays, vocabulary, archive, tokenizers, sounds, networks, bytecode):
        make()
