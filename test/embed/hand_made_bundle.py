"""Bundles of kind ``embedding`` whose graphs are so small that numpy says what they must give."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from sotto.bundle import (
    Embedder,
    Embedding,
    Graph,
    ImageEncoder,
    ImageSettings,
    Manifest,
    Source,
    TensorSpec,
    TextEncoder,
    TokenTable,
    write_manifest,
)
from sotto.export.tflite.flatbuffer import read_model, write_model
from sotto.export.tflite.merge import Merger

VOCABULARY = [
    *("[PAD]", "[UNK]", "[CLS]", "[SEP]"),
    *("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "##x", "##y"),
]
WIDTH = 6
MAX_LENGTH = 7
LENGTHS, BATCHES = (4, 8), (1, 3)
MASKED = -1e4

Shape = tuple[int, ...]


class GraphMaker:
    """A graph in the making: operations over named tensors."""

    def __init__(self) -> None:
        self.model = schema.ModelT()
        self.model.version = 3
        self.model.buffers = [schema.BufferT()]
        self.model.operatorCodes = []
        self.graph = schema.SubGraphT()
        self.graph.name, self.graph.tensors, self.graph.operators = "main", [], []
        self.model.subgraphs = [self.graph]

    def tensor(self, name: str, shape: Shape, data: np.ndarray | None = None) -> int:
        """Adds a tensor; with data, a constant of int32."""
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.buffer = name, list(shape), 0
        tensor.type = schema.TensorType.FLOAT32
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(data.astype(np.int32).tobytes(), np.uint8)
            self.model.buffers.append(buffer)
            tensor.buffer, tensor.type = len(self.model.buffers) - 1, schema.TensorType.INT32
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def add(self, name: str, inputs: list[int], output: int, options: Any = None) -> None:
        """Adds an operation, by TFLite's name."""
        code, operator = schema.OperatorCodeT(), schema.OperatorT()
        code.builtinCode = getattr(schema.BuiltinOperator, name)
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)
        self.model.operatorCodes.append(code)
        operator.opcodeIndex = len(self.model.operatorCodes) - 1
        operator.inputs, operator.outputs = inputs, [output]
        if options is not None:
            operator.builtinOptions = options
            table = type(options).__name__.removesuffix("T")
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, table)
        self.graph.operators.append(operator)

    def write(self, path: Path, key: str, inputs: dict[str, int], outputs: dict[str, int]) -> None:
        """Writes the file, with one signature."""
        self.graph.inputs, self.graph.outputs = list(inputs.values()), list(outputs.values())
        signature = schema.SignatureDefT()
        signature.signatureKey, signature.subgraphIndex = key, 0
        signature.inputs = [_named(*pair) for pair in inputs.items()]
        signature.outputs = [_named(*pair) for pair in outputs.items()]
        self.model.signatureDefs = [signature]
        builder = flatbuffers.Builder(1024)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        path.write_bytes(builder.Output())


def _named(name: str, index: int) -> Any:
    entry = schema.TensorMapT()
    entry.name, entry.tensorIndex = name, index
    return entry


def _text_graph(path: Path, key: str, length: int, batch: int) -> Graph:
    """``embedding`` is the pooled hidden rows, and behind them the sum of the mask."""
    graph = GraphMaker()
    shapes = {
        "hidden": (batch, length, WIDTH),
        "mask": (batch, 1, 1, length),
        "pool": (batch, 1, length),
    }
    inputs = {name: graph.tensor(name, shape) for name, shape in shapes.items()}
    pooled = graph.tensor("pooled", (batch, 1, WIDTH))
    rows = graph.tensor("rows", (batch, WIDTH))
    row_shape = graph.tensor("row_shape", (2,), np.array([batch, WIDTH]))
    masks = graph.tensor("masks", (batch, 1))
    axes = graph.tensor("axes", (2,), np.array([2, 3]))
    embedding = graph.tensor("embedding", (batch, WIDTH + 1))
    graph.add(
        "BATCH_MATMUL", [inputs["pool"], inputs["hidden"]], pooled, schema.BatchMatMulOptionsT()
    )
    graph.add("RESHAPE", [pooled, row_shape], rows, schema.ReshapeOptionsT())
    graph.add("SUM", [inputs["mask"], axes], masks, schema.ReducerOptionsT())
    joined = schema.ConcatenationOptionsT()
    joined.axis = 1
    graph.add("CONCATENATION", [rows, masks], embedding, joined)
    graph.write(path, key, inputs, {"embedding": embedding})
    return _listed(key, "text.tflite", shapes, (batch, WIDTH + 1))


def _image_graph(path: Path, key: str, shape: Shape, batch: int) -> Graph:
    """``embedding`` is the pixels in a row."""
    graph = GraphMaker()
    size = int(np.prod(shape))
    pixels = graph.tensor("pixels", (batch, *shape))
    row_shape = graph.tensor("row_shape", (2,), np.array([batch, size]))
    embedding = graph.tensor("embedding", (batch, size))
    graph.add("RESHAPE", [pixels, row_shape], embedding, schema.ReshapeOptionsT())
    graph.write(path, key, {"pixels": pixels}, {"embedding": embedding})
    return _listed(key, "image.tflite", {"pixels": (batch, *shape)}, (batch, size))


def _listed(name: str, file: str, inputs: dict[str, Shape], output: Shape) -> Graph:
    specs = tuple(TensorSpec(*pair) for pair in inputs.items())
    return Graph(name, specs, (TensorSpec("embedding", output),), file)


def _merge(folder: Path, file: str, parts: Sequence[Path]) -> None:
    merger = Merger()
    for part in parts:
        merger.add(part.stem, read_model(part))
        part.unlink()
    write_model(merger.model, folder / file)


def _manifest(component: Embedder, family: str) -> Manifest:
    return Manifest(
        name="small",
        family=family,
        precision="fp32",
        backend="litert",
        source=Source("made by hand", "numpy", "0" * 64),
        components=(component,),
        files={},
        tools={},
        embedding=Embedding(normalize=True),
    )


def token_table() -> np.ndarray:
    """``[V, WIDTH]`` float32, of values that every precision holds."""
    generator = np.random.default_rng(0)
    return generator.integers(-8, 8, (len(VOCABULARY), WIDTH)).astype(np.float32)


def position_table() -> np.ndarray:
    """``[MAX_LENGTH, WIDTH]``."""
    return np.random.default_rng(1).normal(size=(MAX_LENGTH, WIDTH)).astype(np.float32)


def write_text_bundle(folder: Path, dtype: str = "fp32", **changes: Any) -> Path:
    """A text encoder over 16 word pieces, 7 tokens at most.

    Args:
        folder: to make.
        dtype: of the token table.
        changes: of the manifest's component.
    """
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    folder.mkdir(parents=True)
    sizes = [(length, batch) for length in LENGTHS for batch in BATCHES]
    parts, graphs = [], []
    for length, batch in sizes:
        key = f"text_{length}x{batch}"
        parts.append(folder / f"{key}.tflite")
        graphs.append(_text_graph(parts[-1], key, length, batch))
    _merge(folder, "text.tflite", parts)
    pieces = {piece: number for number, piece in enumerate(VOCABULARY)}
    tokenizer = Tokenizer(models.WordPiece(pieces, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.enable_truncation(5)  # left over in the file, as in MiniLM's
    tokenizer.enable_padding(length=5)
    tokenizer.save(str(folder / "tokenizer.json"))
    np.save(folder / "position_embedding.npy", position_table())
    files = ["text.tflite", "tokenizer.json", "position_embedding.npy", "token_embedding.npy"]
    kinds = {"fp32": np.float32, "fp16": np.float16, "int8": np.int8}
    np.save(folder / "token_embedding.npy", token_table().astype(kinds[dtype]))
    if dtype == "int8":
        files.append("scales.npy")
        np.save(folder / "scales.npy", np.ones(len(VOCABULARY), np.float32))
    fields: dict[str, Any] = {
        "graphs": tuple(graphs),
        "gelu": "erf",
        "token_embedding": TokenTable(
            "token_embedding.npy",
            dtype,  # type: ignore[arg-type]  # one of the three
            scales="scales.npy" if dtype == "int8" else None,
        ),
        "position_embedding": "position_embedding.npy",
        "tokenizer": "tokenizer.json",
        "max_length": MAX_LENGTH,
        "pooling": "mean",
        "pad_token": 0,
        "masked": MASKED,
        "prompts": {"query": "a b ", "code": "c "},
    }
    manifest = _manifest(TextEncoder(**{**fields, **changes}), "bert")
    write_manifest(folder, manifest, files)
    return folder


def write_image_bundle(folder: Path) -> Path:
    """An image encoder of 4 x 5 pixels, whose vectors are the pixels."""
    folder.mkdir(parents=True)
    shape = (3, 4, 5)
    parts, graphs = [], []
    for batch in BATCHES:
        key = f"image_{batch}"
        parts.append(folder / f"{key}.tflite")
        graphs.append(_image_graph(parts[-1], key, shape, batch))
    _merge(folder, "image.tflite", parts)
    settings = ImageSettings(
        height=4,
        width=5,
        resample="bilinear",
        rescale=1 / 255,
        mean=(0.5, 0.4, 0.3),
        std=(0.3, 0.2, 0.1),
        size={"height": 4, "width": 5},
    )
    manifest = _manifest(ImageEncoder(tuple(graphs), "erf", settings), "vit")
    write_manifest(folder, manifest, ["image.tflite"])
    return folder


def expected(ids: Sequence[Sequence[int]], pooling: str = "mean") -> np.ndarray:
    """What a text bundle's graphs must give for token ids, before they are normalised."""
    table, positions = token_table(), position_table()
    rows = []
    for text in ids:
        hidden = table[list(text)] + positions[: len(text)]
        pooled = hidden.mean(axis=0) if pooling == "mean" else hidden[0]
        bucket = next(length for length in LENGTHS if length >= len(text))
        rows.append([*pooled, MASKED * (bucket - len(text))])
    return np.array(rows, np.float32).reshape(len(rows), WIDTH + 1)
