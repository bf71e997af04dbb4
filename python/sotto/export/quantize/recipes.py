"""Recipes of static quantisation: which operations of a graph compute in which numbers.

A recipe is a short table of rules. Weights are int8, a scale a row, wherever the operation that
reads them computes in integers; what follows no rule stays float, which the NPU computes as fp16.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from sotto.errors import OptionError
from sotto.export.quantize.precision import Exceptions
from sotto.export.tflite.graphs import Graph, Operation

Numbers = Literal["float", "int16", "int8"]
"""Of an operation's inputs and outputs."""

NUMBERS: tuple[Numbers, ...] = ("float", "int16", "int8")

GROUPS = {
    "CONV_2D": "convolution",
    "FULLY_CONNECTED": "linear",
    "BATCH_MATMUL": "product",
    "SOFTMAX": "softmax",
    "GELU": "gelu",
    "MUL": "norm",
    "MEAN": "norm",
    "RSQRT": "norm",
    "SUB": "norm",
    "ADD": "sum",
}
"""What an operation is for: the names that rules know. A sum with one constant number, a norm's
epsilon, is of the norm; others are the residual stream's, the positions' and the masks'."""

LAYOUT = frozenset(
    {"RESHAPE", "TRANSPOSE", "SLICE", "STRIDED_SLICE", "SPLIT", "CONCATENATION", "PAD"}
)
"""Operations that move numbers and do not change them: they take those of what they move."""


@dataclass(frozen=True)
class Rule:
    """Numbers for some operations.

    Attributes:
        groups: pattern of groups (``*`` and ``?`` as in a shell), or several with spaces between.
        numbers: that their operations compute in.
        layers: pattern of the layer that the operation is, or is behind.
    """

    groups: str
    numbers: Numbers
    layers: str = "*"

    def holds(self, group: str, layer: str) -> bool:
        """Whether it is a rule for an operation."""
        return fnmatchcase(layer, self.layers) and any(
            fnmatchcase(group, pattern) for pattern in self.groups.split()
        )


@dataclass(frozen=True)
class Recipe:
    """Rules, of which the last one that holds for an operation counts.

    Attributes:
        name: that ``--recipe`` takes, and the bundle's precision.
        purpose: in a line.
        rules: see :class:`Rule`.
    """

    name: str
    purpose: str
    rules: tuple[Rule, ...]

    def with_rules(self, rules: Sequence[Rule]) -> Recipe:
        """The same with more rules behind its own."""
        return Recipe(self.name, self.purpose, (*self.rules, *rules))

    def resolve(self, graph: Graph, layer_of: dict[str, str]) -> list[Numbers]:
        """The numbers of each of a graph's operations.

        Args:
            graph: of a float32 file.
            layer_of: layers by the names of the tensors that they write.
        """
        found: list[Numbers] = []
        of_tensor: dict[str, Numbers] = {}
        for operation, layer in placed(graph, layer_of):
            if operation.name in LAYOUT:
                numbers = of_tensor.get(operation.inputs[0].name, "float")
            else:
                numbers = self._numbers(group_of(operation), layer)
            found.append(numbers)
            of_tensor |= {output.name: numbers for output in operation.outputs}
        return found

    def _numbers(self, group: str, layer: str) -> Numbers:
        holding = [rule.numbers for rule in self.rules if rule.holds(group, layer)]
        return holding[-1] if holding else "float"


def placed(graph: Graph, layer_of: dict[str, str]) -> Iterator[tuple[Operation, str]]:
    """Each operation with the layer that it is, or that is the last before it.

    Before the first layer, ``encoder.tflite``'s say, that is ``encoder.input``.
    """
    layer = next(iter(layer_of.values()), "").partition(".")[0] + ".input"
    for operation in graph.operations:
        layer = next((layer_of[t.name] for t in operation.outputs if t.name in layer_of), layer)
        yield operation, layer


def group_of(operation: Operation) -> str:
    """The group of an operation; its own name if it has none."""
    group = GROUPS.get(operation.name, operation.name)
    if group == "sum" and any(_is_one_number(operation, i) for i in range(len(operation.inputs))):
        return "norm"
    return group


def _is_one_number(operation: Operation, i: int) -> bool:
    constant = operation.inputs[i].constant
    return constant is not None and len(constant) == 4  # bytes of a float


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "int8",
            "layers with weights in int8, those that write large values in int16; float between",
            (Rule("convolution linear", "int8"), Rule("linear", "int16", "*.contract")),
        ),
        Recipe(
            "int16",
            "layers with weights in int8 weights and int16 activations; float between",
            (Rule("convolution linear", "int16"),),
        ),
        Recipe(
            "mixed",
            "as int16, with attention's queries, keys and values and the decoder in int8 where "
            "that loses least",
            (
                Rule("convolution linear", "int16"),
                Rule("linear", "int8", "*.query"),
                Rule("linear", "int8", "*.key"),
                Rule("linear", "int8", "*.value"),
                Rule("linear", "int8", "decoder.*"),
                Rule("linear", "int16", "decoder.feed_forward.*"),
            ),
        ),
        Recipe(
            "int8-layers",
            "layers with weights in int8, without an exception; float between",
            (Rule("convolution linear", "int8"),),
        ),
        Recipe(
            "int8-products",
            "as int8, and attention's products, too",
            (Rule("convolution linear product", "int8"), Rule("linear", "int16", "*.contract")),
        ),
        Recipe("int16-all", "int16 activations throughout", (Rule("*", "int16"),)),
        Recipe("int8-all", "int8 throughout: known to give garbage", (Rule("*", "int8"),)),
    )
}

DEFAULT = "int16"
"""Loses no word against float; docs/npu.md has what each costs."""


def find_recipe(name: str) -> Recipe:
    """The recipe of that name; raises OptionError."""
    if name not in RECIPES:
        raise OptionError(f"recipe {name!r}: expected one of {', '.join(RECIPES)}")
    return RECIPES[name]


def excepted(recipe: Recipe, exceptions: Exceptions) -> Recipe:
    """A recipe with other numbers for some layers, and their convolutions and linear operations.

    Args:
        recipe: that holds for the others.
        exceptions: of ``float``, ``int16`` and ``int8``.
    """
    return recipe.with_rules(
        [
            Rule("convolution linear", numbers, pattern)
            for pattern, numbers in exceptions.precisions.items()
        ]
    )
