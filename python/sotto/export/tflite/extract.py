"""Some of a model's signatures alone: what they do not use is left out."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ai_edge_litert import schema_py_generated as schema

from sotto.errors import ModelError


def extract_signatures(model: Any, names: Collection[str]) -> Any:
    """Leaves a ``ModelT`` those of its signatures that are named, in their order.

    With them stay the bodies of their composites and the buffers of their tensors. Names of tensors
    stay as they are; metadata, which only informs, goes.

    Args:
        model: from :func:`sotto.export.tflite.flatbuffer.read_model`; changed, and returned.
        names: of the signatures.

    Raises:
        ModelError: it has no signature of a name.
    """
    definitions = {entry.signatureKey.decode(): entry for entry in model.signatureDefs or []}
    if absent := sorted(set(names) - set(definitions)):
        raise ModelError(f"no signature {', '.join(absent)}; there are {', '.join(definitions)}")
    kept = [entry for name, entry in definitions.items() if name in names]
    graphs = _with_bodies(model, sorted({entry.subgraphIndex for entry in kept}))
    place = {old: new for new, old in enumerate(graphs)}
    for entry in kept:
        entry.subgraphIndex = place[entry.subgraphIndex]
    model.signatureDefs = kept
    model.subgraphs = [model.subgraphs[index] for index in graphs]
    for graph in model.subgraphs:
        for composite in _composites(graph):
            composite.decompositionSubgraphIndex = place[composite.decompositionSubgraphIndex]
    model.metadata = model.metadataBuffer = None
    _keep_used_buffers(model)
    return model


def _with_bodies(model: Any, graphs: list[int]) -> list[int]:
    """Indices of graphs and of the bodies of their composites, in order."""
    found = list(graphs)
    for index in found:  # grows while it is read: a body may have composites
        for composite in _composites(model.subgraphs[index]):
            if composite.decompositionSubgraphIndex not in found:
                found.append(composite.decompositionSubgraphIndex)
    return sorted(found)


def _composites(graph: Any) -> list[Any]:
    kind = schema.BuiltinOptions2.StableHLOCompositeOptions
    return [
        operator.builtinOptions2
        for operator in graph.operators
        if operator.builtinOptions2Type == kind
    ]


def _keep_used_buffers(model: Any) -> None:
    tensors = [tensor for graph in model.subgraphs for tensor in graph.tensors]
    used = sorted({0} | {tensor.buffer for tensor in tensors})  # 0 is the empty one
    place = {old: new for new, old in enumerate(used)}
    model.buffers = [model.buffers[index] for index in used]
    for tensor in tensors:
        tensor.buffer = place[tensor.buffer]
