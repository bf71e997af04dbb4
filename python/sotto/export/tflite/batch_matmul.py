"""BATCH_MATMUL over rank 4, straight from what it multiplies.

torch lowers a product of rank-4 tensors to one of rank 3 between reshapes, which make one axis of
batch and heads. XNNPACK carries out a reshape as a copy, and so copied every cache for every token,
and of a batch everything on both sides of a product; over rank 4 it takes them as they are. A
transposition of the second operand becomes the operation's own flag, as the kernels pack that
operand anyway.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

SWAP_LAST_TWO = [0, 1, 3, 2]

_Operator = schema.BuiltinOperator


def use_rank_4(model: Any) -> int:
    """Rewrites ``model``, a ``ModelT`` in float32.

    Returns:
        How many products were rewritten.
    """
    return sum(_Subgraph(model, index).rewrite() for index in range(len(model.subgraphs)))


class _Subgraph:
    def __init__(self, model: Any, index: int) -> None:
        self._model, self._subgraph = model, model.subgraphs[index]
        self._index = index
        self._codes = [code.builtinCode for code in model.operatorCodes]

    def rewrite(self) -> int:
        operators: list[Any] = []
        producers: dict[int, Any] = {}
        count = 0
        for operator in self._subgraph.operators:
            producers |= dict.fromkeys(operator.outputs, operator)
            if (
                self._code(operator) == _Operator.BATCH_MATMUL
                and self._rank(operator.outputs[0]) == 3
            ):
                operators += self._over_rank_4(operator, self._leading(operator, producers))
                count += 1
            else:
                operators.append(operator)
        if count:
            self._subgraph.operators = self._live(self._without_detours(operators))
        return count

    def _leading(self, product: Any, producers: dict[int, Any]) -> list[int]:
        """The first two sizes: batch and heads, as they were before torch made one of them."""
        count = self._shape(product.outputs[0])[0]
        sources = [self._shape(self._reshaped(i, producers)) for i in product.inputs]
        first, second = (shape[:2] if len(shape) == 4 else [] for shape in sources)
        return first if first == second and np.prod(first) == count else [1, count]

    def _over_rank_4(self, product: Any, leading: list[int]) -> list[Any]:
        """The product between reshapes of its own, which then meet torch's and cancel out."""
        before = [self._reshape(i, self._rank_4_tensor(i, leading)) for i in product.inputs]
        result = product.outputs[0]
        widened = self._rank_4_tensor(result, leading)
        product.inputs = [reshape.outputs[0] for reshape in before]
        product.outputs = [widened]
        return [*before, product, self._reshape(widened, result)]

    def _without_detours(self, operators: list[Any]) -> list[Any]:
        """Reshapes of reshapes read the first one's input; those to the same shape go."""
        producers: dict[int, Any] = {}
        same: dict[int, int] = {}
        kept = []
        for operator in operators:
            operator.inputs = [same.get(i, i) for i in operator.inputs]
            if self._code(operator) == _Operator.RESHAPE:
                source = self._reshaped(operator.inputs[0], producers)
                operator.inputs[0] = source
                out = operator.outputs[0]
                if self._shape(source) == self._shape(out) and out not in self._subgraph.outputs:
                    same[out] = source
                    continue
            if self._code(operator) == _Operator.BATCH_MATMUL:
                self._take_transposition(operator, producers.get(operator.inputs[1]))
            producers |= dict.fromkeys(operator.outputs, operator)
            kept.append(operator)
        return kept

    def _reshaped(self, tensor: int, producers: dict[int, Any]) -> int:
        while (found := producers.get(tensor)) and self._code(found) == _Operator.RESHAPE:
            tensor = found.inputs[0]
        return tensor

    def _take_transposition(self, product: Any, producer: Any) -> None:
        if producer is None or self._code(producer) != _Operator.TRANSPOSE:
            return
        if self._constant(producer.inputs[1]) == SWAP_LAST_TWO:
            product.inputs[1] = producer.inputs[0]
            product.builtinOptions.adjY = not product.builtinOptions.adjY

    def _live(self, operators: list[Any]) -> list[Any]:
        """Those whose results are used."""
        used = set(self._subgraph.outputs)
        live = []
        for operator in reversed(operators):
            if used.intersection(operator.outputs):
                used.update(operator.inputs)
                live.append(operator)
        return live[::-1]

    def _code(self, operator: Any) -> int:
        return int(self._codes[operator.opcodeIndex])

    def _shape(self, tensor: int) -> list[int]:
        return [int(size) for size in self._subgraph.tensors[tensor].shape]

    def _rank(self, tensor: int) -> int:
        return len(self._shape(tensor))

    def _constant(self, tensor: int) -> list[int] | None:
        data = self._model.buffers[self._subgraph.tensors[tensor].buffer].data
        return None if data is None else np.frombuffer(bytes(data), np.int32).tolist()

    def _rank_4_tensor(self, like: int, leading: list[int]) -> int:
        shape = [*leading, *self._shape(like)[1:]]
        return self._tensor(shape, self._subgraph.tensors[like].type, None)

    def _reshape(self, source: int, target: int) -> Any:
        shape = self._shape(target)
        reshape = schema.OperatorT()
        reshape.opcodeIndex = self._codes.index(_Operator.RESHAPE)
        reshape.inputs = [source, self._tensor([len(shape)], schema.TensorType.INT32, shape)]
        reshape.outputs = [target]
        return reshape

    def _tensor(self, shape: Iterable[int], dtype: int, data: list[int] | None) -> int:
        tensor = schema.TensorT()
        tensors = self._subgraph.tensors
        tensor.shape, tensor.type = np.array(list(shape), np.int32), dtype
        tensor.name = (
            f"rank_4/{self._index}/{len(tensors)}".encode()
        )  # a quantiser wants each to have its own
        tensor.buffer = 0  # the empty one
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(np.array(data, np.int32).tobytes(), np.uint8)
            self._model.buffers.append(buffer)
            tensor.buffer = len(self._model.buffers) - 1
        tensors.append(tensor)
        return len(tensors) - 1
