"""What the NPU does not take is found in a file, and refused by step 2."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import litert_torch
import pytest
import torch
from torch import Tensor, nn

from sotto.errors import ConversionError
from sotto.npu.operations import check_operations
from sotto.npu.rules import SUPPORTED, Verdict, judge


class Call(nn.Module):
    """A function as a module."""

    def __init__(self, function: Callable[..., Tensor]) -> None:
        super().__init__()
        self.function = function
        self.table = nn.Embedding(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.function(self, x)


def tables(path: Path, function: Callable[..., Tensor], x: Tensor, **how: object) -> list[Verdict]:
    model = litert_torch.convert(Call(function).eval(), (x,), **how)
    model.export(str(path))
    return judge(path)


FLOATS = torch.zeros(1, 4, 4)
IDS = torch.zeros(1, 3, dtype=torch.int32)


def test_a_plain_layer_is_taken_and_counted(tmp_path: Path) -> None:
    (table,) = tables(tmp_path / "a.tflite", lambda m, x: torch.tanh(x @ m.table.weight.T), FLOATS)
    assert table.refusals == []
    assert table.counts["TANH"] == 1
    assert set(table.counts) <= SUPPORTED
    lines: list[str] = []
    check_operations([table], "a.tflite", lines.append)
    assert any("TANH 1" in line for line in lines)
    assert any("outside the NPU's list: none" in line for line in lines)


@pytest.mark.parametrize(
    ("function", "x", "outside"),
    [
        (lambda m, x: m.table(x), IDS, {"EMBEDDING_LOOKUP", "GATHER"}),
        (lambda m, x: torch.exp(x), FLOATS, {"EXP"}),
        (lambda m, x: torch.argmax(x, -1), FLOATS, {"ARG_MAX"}),
        (lambda m, x: torch.where(x > 0, x, x * 2), FLOATS, {"SELECT", "SELECT_V2"}),
        (lambda m, x: x.cumsum(-1), FLOATS, {"CUMSUM"}),
    ],
    ids=["embedding", "exp", "argmax", "where", "cumsum"],
)
def test_an_operation_outside_the_list_is_named_and_refused(
    tmp_path: Path, function: Callable[..., Tensor], x: Tensor, outside: set[str]
) -> None:
    (table,) = tables(tmp_path / "a.tflite", function, x)
    assert outside & {finding.name for finding in table.refusals}
    with pytest.raises(ConversionError, match=r"a\.tflite is not for the NPU: serving_default: "):
        check_operations([table], "a.tflite", lambda line: None)


def test_a_tensor_of_rank_5_is_named_and_refused(tmp_path: Path) -> None:
    def five(module: nn.Module, x: Tensor) -> Tensor:
        return (x.reshape(1, 2, 2, 2, 2).permute(0, 4, 3, 2, 1) + 1).reshape(1, 16)

    (table,) = tables(tmp_path / "a.tflite", five, FLOATS)
    assert any(finding.rule == "rank" for finding in table.refusals)
    with pytest.raises(ConversionError, match="5 dimensions"):
        check_operations([table], "a.tflite", lambda line: None)


def test_a_dynamic_shape_is_named_and_refused(tmp_path: Path) -> None:
    length = torch.export.Dim("length", min=1, max=64)
    (table,) = tables(
        *(tmp_path / "a.tflite", lambda m, x: torch.tanh(x), FLOATS),
        dynamic_shapes=({1: length},),
    )
    assert any("dynamic: [1, -1, 4]" in finding.reason for finding in table.refusals)
    with pytest.raises(ConversionError, match="shape is dynamic"):
        check_operations([table], "a.tflite", lambda line: None)


def test_each_signature_has_a_table_of_its_own(tmp_path: Path) -> None:
    good = Call(lambda m, x: torch.tanh(x)).eval()
    bad = Call(lambda m, x: torch.exp(x)).eval()
    model = litert_torch.signature("good", good, (FLOATS,)).signature("bad", bad, (FLOATS,))
    model.convert().export(str(tmp_path / "a.tflite"))
    found = {
        verdict.signature: [finding.name for finding in verdict.refusals]
        for verdict in judge(tmp_path / "a.tflite")
    }
    assert found == {"good": [], "bad": ["EXP"]}
