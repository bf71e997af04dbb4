"""MediaTek's compiler plugin, answered by Sotto's library: the rules say what it says."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from npu_graphs import REFUSED, TAKEN, X
from small_graph import write_graph

from sotto.errors import DeviceError, ModelError, OptionError
from sotto.npu.plugin import (
    Partitioning,
    chosen_socs,
    find_adapter,
    own_adapter,
    partition,
    sdk_version,
    socs,
)
from sotto.npu.rules import judge

pytestmark = pytest.mark.skipif(
    own_adapter() is None, reason="the plugin's library is built on Linux alone"
)


def asked(file: Path, soc: str = "mt6991") -> Partitioning:
    (found,) = partition(file, soc, find_adapter(soc, own_adapter()))[:1]
    return found


@pytest.mark.parametrize("operation", TAKEN)
def test_the_plugin_takes_what_the_rules_take(operation: str, tmp_path: Path) -> None:
    file = TAKEN[operation](tmp_path)
    found = asked(file)
    assert found.whole, found.refusals
    assert sum(found.neuron.values()) == 1
    assert judge(file)[0].refusals == []


GIVEN_UP = {"int64 that is computed", "int8 without a scale"}
"""What makes the plugin refuse a whole file, not an operation."""

NOT_SEEN = {"a dynamic shape"}
"""What the plugin takes by the sizes that the file gives beside those that are not known."""


@pytest.mark.parametrize("what", sorted(REFUSED.keys() - GIVEN_UP - NOT_SEEN))
def test_the_plugin_refuses_what_the_rules_refuse(what: str, tmp_path: Path) -> None:
    file = REFUSED[what][1](tmp_path)
    assert judge(file)[0].refusals
    assert asked(file).selected == 0


@pytest.mark.parametrize("what", sorted(GIVEN_UP))
def test_the_plugin_gives_up_files_that_the_rules_refuse(what: str, tmp_path: Path) -> None:
    file = REFUSED[what][1](tmp_path)
    assert judge(file)[0].refusals
    with pytest.raises(ModelError, match="MediaTek's plugin failed"):
        asked(file)


@pytest.mark.parametrize("what", sorted(NOT_SEEN))
def test_only_the_rules_see_what_the_plugin_does_not_look_at(what: str, tmp_path: Path) -> None:
    file = REFUSED[what][1](tmp_path)
    assert judge(file)[0].refusals
    assert asked(file).whole


def test_a_composite_that_nobody_knows_is_its_body(tmp_path: Path) -> None:
    file = tmp_path / "graph.tflite"
    write_graph(file, "STABLEHLO_COMPOSITE", [X], [X], composite="my.own", body="ABS")
    assert judge(file)[0].counts == {"ABS": 1}
    assert asked(file).whole


def test_every_soc_of_the_plugin_takes_a_graph(tmp_path: Path) -> None:
    file = TAKEN["SOFTMAX"](tmp_path)
    assert {"mt6991", "mt6993", "mt8189"} <= set(socs())
    assert all(asked(file, soc).whole for soc in socs())
    assert sdk_version("mt6993") == "v9"
    assert sdk_version("mt6991") == "v8"


def test_socs_are_chosen_by_name() -> None:
    assert chosen_socs("MT6991, mt6989,mt6991") == ["mt6991", "mt6989"]
    assert chosen_socs("all") == socs()
    with pytest.raises(OptionError, match=r"soc 'mt1': the plugin knows mt6853, .*; or say all"):
        chosen_socs("mt6991,mt1")


def test_a_folder_without_the_library_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match=r"has no libneuron_adapter\.so"):
        find_adapter("mt6991", tmp_path)


def test_a_file_that_is_no_library_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "libneuron_adapter.so").write_bytes(b"not a library")
    with pytest.raises(DeviceError, match="can't be loaded"):
        find_adapter("mt6991", tmp_path)


def test_a_library_that_lacks_a_function_is_an_error(tmp_path: Path) -> None:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler")
    source = tmp_path / "part.c"
    source.write_text("int Neuron_getVersion(void *version) { return 0; }\n")
    library = tmp_path / "libneuron_adapter.so"
    subprocess.run([compiler, "-shared", "-fPIC", str(source), "-o", str(library)], check=True)
    with pytest.raises(DeviceError, match="lacks NeuronModel_create, "):
        find_adapter("mt6991", tmp_path)
