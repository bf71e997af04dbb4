"""The TFLite operations that MediaTek's NPU takes, and those that a file holds.

The list is that of LiteRT 2.3's MediaTek compiler plugin (``vendors/mediatek/compiler``). It
is necessary, not sufficient: verdicts on shapes and ranks are the vendor's.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from ai_edge_litert import schema_py_generated as schema

SUPPORTED = frozenset(
    {
        "ABS",
        "ADD",
        "AVERAGE_POOL_2D",
        "BATCH_MATMUL",
        "CAST",
        "CONCATENATION",
        "CONV_2D",
        "DEPTHWISE_CONV_2D",
        "DEQUANTIZE",
        "DIV",
        "FULLY_CONNECTED",
        "GELU",
        "GREATER",
        "HARD_SWISH",
        "L2_NORMALIZATION",
        "L2_POOL_2D",
        "LEAKY_RELU",
        "LESS",
        "LOGISTIC",
        "MAXIMUM",
        "MAX_POOL_2D",
        "MEAN",
        "MINIMUM",
        "MUL",
        "PAD",
        "PADV2",
        "PRELU",
        "QUANTIZE",
        "REDUCE_MAX",
        "RELU",
        "RESHAPE",
        "RESIZE_BILINEAR",
        "RESIZE_NEAREST_NEIGHBOR",
        "RSQRT",
        "SLICE",
        "SOFTMAX",
        "SPLIT",
        "SQRT",
        "SQUARED_DIFFERENCE",
        "STRIDED_SLICE",
        "SUB",
        "SUM",
        "TANH",
        "TRANSPOSE",
        "TRANSPOSE_CONV",
    }
)

MAX_RANK = 4

_NAMES = {
    value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)
}


@dataclass(frozen=True)
class OpTable:
    """The operations of one signature.

    Attributes:
        signature: its name.
        counts: operation -> how often it occurs.
        unsupported: operations outside :data:`SUPPORTED`, tensors of rank above
            :data:`MAX_RANK` and tensors of dynamic shape, in words.
    """

    signature: str
    counts: dict[str, int]
    unsupported: tuple[str, ...]


def op_tables(model: Path) -> list[OpTable]:
    """Reads a .tflite file's operations, one table a signature."""
    root = schema.Model.GetRootAsModel(model.read_bytes(), 0)
    codes = [root.OperatorCodes(i) for i in range(root.OperatorCodesLength())]
    tables = []
    for i in range(root.SignatureDefsLength()):
        definition = root.SignatureDefs(i)
        graph = root.Subgraphs(definition.SubgraphIndex())
        counts: Counter[str] = Counter()
        for j in range(graph.OperatorsLength()):
            code = codes[graph.Operators(j).OpcodeIndex()]
            # Small codes live in the older, one-byte field.
            number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
            name = _NAMES.get(number, f"operator {number}")
            if name == "CUSTOM":
                name = f"CUSTOM {code.CustomCode().decode(errors='replace')}"
            counts[name] += 1
        unsupported = sorted(name for name in counts if name not in SUPPORTED)
        unsupported += _unsupported_tensors(graph)
        key = definition.SignatureKey().decode()
        tables.append(OpTable(key, dict(counts.most_common()), tuple(unsupported)))
    return sorted(tables, key=lambda table: table.signature)


def _unsupported_tensors(graph: schema.SubGraph) -> list[str]:
    found = []
    for i in range(graph.TensorsLength()):
        tensor = graph.Tensors(i)
        name = tensor.Name().decode(errors="replace")
        if tensor.ShapeLength() > MAX_RANK:
            found.append(f"rank {tensor.ShapeLength()} of {name}")
        signature = [tensor.ShapeSignature(d) for d in range(tensor.ShapeSignatureLength())]
        if any(dimension < 0 for dimension in signature):
            found.append(f"dynamic shape {signature} of {name}")
    return found
