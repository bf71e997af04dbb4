"""One set of options in C++, Python and both commands."""

from __future__ import annotations

import ast
import inspect
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from command_line import NATIVE, SOTTO, run

from sotto import _runtime, cli
from sotto.asr import SpeechModel, TranscribeOptions, load_model

TRANSCRIBE_OPTIONS = {field.name for field in fields(TranscribeOptions)}


def keywords(bound: Any) -> dict[str, str]:
    """Parameter -> default of a pybind11 function, from the signature in its docstring."""
    line = bound.__doc__.partition("\n")[0]
    return dict(re.findall(r"(\w+): [^=]*?(?: = ([^,)]*))?(?=[,)])", line.partition(" -> ")[0]))


def test_python_options_are_those_of_the_runtime() -> None:
    runtime = keywords(_runtime.Transcriber.transcribe)
    assert set(runtime) - {"self", "blocks", "on_piece"} == TRANSCRIBE_OPTIONS


def test_python_defaults_are_those_of_the_runtime() -> None:
    runtime = keywords(_runtime.Transcriber.transcribe)
    for field in fields(TranscribeOptions):
        # No language is None in Python, as it is in openai-whisper, and "" in C++.
        default = "" if field.default is None else field.default
        assert ast.literal_eval(runtime[field.name]) == default


def test_the_command_has_every_option_with_the_same_default() -> None:
    parameters = inspect.signature(cli.transcribe).parameters
    for field in fields(TranscribeOptions):
        default = parameters[field.name].default
        assert getattr(default, "value", default) == field.default
    loading = inspect.signature(load_model).parameters
    assert parameters["threads"].default == loading["threads"].default


@pytest.mark.parametrize("command", [[*SOTTO, "transcribe"], NATIVE])
def test_both_commands_show_every_option(command: list[str]) -> None:
    usage = run(command, "--help", variables={"COLUMNS": "200", "TERM": "dumb"}).out
    for name in {*TRANSCRIBE_OPTIONS, "threads", "model", "profile"}:
        assert f"--{name.replace('_', '-')}" in usage


def test_the_models_options_are_those_of_the_function_that_loads_it() -> None:
    of_class = inspect.signature(SpeechModel.__init__).parameters
    of_function = inspect.signature(load_model).parameters
    assert list(of_class)[2:] == list(of_function)[1:]


# ---- the stub of the runtime -------------------------------------------------------------

STUB = ast.parse((Path(cli.__file__).parent / "_runtime.pyi").read_text())
CLASSES = [node for node in STUB.body if isinstance(node, ast.ClassDef)]
FUNCTIONS = [node for node in STUB.body if isinstance(node, ast.FunctionDef)]


def test_the_stub_names_what_the_module_has() -> None:
    stub = {node.name for node in [*CLASSES, *FUNCTIONS]}
    assert stub == {name for name in vars(_runtime) if not name.startswith("_")}


@pytest.mark.parametrize("node", CLASSES, ids=lambda node: node.name)
def test_the_stub_of_a_class_names_its_members(node: ast.ClassDef) -> None:
    stub = {member.name for member in node.body if isinstance(member, ast.FunctionDef)}
    members = {name for name in vars(getattr(_runtime, node.name)) if not name.startswith("_")}
    assert stub - {"__init__"} == members


def stub_parameters(node: ast.FunctionDef) -> set[str]:
    return {argument.arg for argument in [*node.args.args, *node.args.kwonlyargs]}


@pytest.mark.parametrize("node", FUNCTIONS, ids=lambda node: node.name)
def test_the_stub_of_a_function_names_its_parameters(node: ast.FunctionDef) -> None:
    assert set(keywords(getattr(_runtime, node.name))) == stub_parameters(node)


METHODS = [
    (node.name, method)
    for node in CLASSES
    for method in node.body
    if isinstance(method, ast.FunctionDef) and not method.decorator_list
]


@pytest.mark.parametrize(("name", "method"), METHODS, ids=[f"{n}.{m.name}" for n, m in METHODS])
def test_the_stub_of_a_method_names_its_parameters(name: str, method: ast.FunctionDef) -> None:
    bound = getattr(getattr(_runtime, name), method.name)
    assert set(keywords(bound)) == stub_parameters(method)
