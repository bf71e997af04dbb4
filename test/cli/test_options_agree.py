"""One set of options in openai-whisper, C++, Python and both commands."""

from __future__ import annotations

import argparse
import ast
import inspect
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from command_line import NATIVE, SOTTO, run

import sotto
from sotto import _runtime
from sotto.asr import SpeechModel, TranscribeOptions, languages, load_model
from sotto.asr.formats import FORMATS, LineOptions
from sotto.asr.options import RUNTIME_NAMES
from sotto.commands.recognition import COMMANDS_OWN, PANELS, temperatures
from sotto.commands.transcribe import OutputFormat, transcribe

TRANSCRIBE_OPTIONS = {field.name: field.default for field in fields(TranscribeOptions)}
LINE_OPTIONS = {field.name: field.default for field in fields(LineOptions)}
COMMAND = inspect.signature(transcribe).parameters


def keywords(bound: Any) -> dict[str, str]:
    """Parameter -> default of a pybind11 function, from the signature in its docstring."""
    line = bound.__doc__.partition("\n")[0]
    return dict(re.findall(r"(\w+): [^=]*?(?: = ([^,)]*))?(?=[,)])", line.partition(" -> ")[0]))


def members(bound: type) -> set[str]:
    return {name for name in vars(bound) if not name.startswith("_")}


# ---- Python and C++ ----------------------------------------------------------------------


def test_python_options_are_those_of_the_runtime() -> None:
    runtime = members(_runtime.TranscribeOptions)
    assert runtime == {RUNTIME_NAMES.get(name, name) for name in TRANSCRIBE_OPTIONS}


def test_python_defaults_are_those_of_the_runtime() -> None:
    made, default = TranscribeOptions().to_runtime(), _runtime.TranscribeOptions()
    for name in members(_runtime.TranscribeOptions) - {"clip_timestamps"}:
        assert getattr(made, name) == getattr(default, name), name
    # openai-whisper's "0" and C++'s nothing are both the whole of the audio.
    assert (made.clip_timestamps, default.clip_timestamps) == ([0.0], [])


def test_the_models_options_are_those_of_the_function_that_loads_it() -> None:
    of_class = inspect.signature(SpeechModel.__init__).parameters
    of_function = inspect.signature(load_model).parameters
    assert list(of_class)[2:] == list(of_function)[1:]
    assert [of_class[name].default for name in list(of_class)[2:]] == [
        of_function[name].default for name in list(of_function)[1:]
    ]


# ---- Python and the commands -------------------------------------------------------------


def test_the_command_has_every_option_with_the_same_default() -> None:
    for name, default in {**TRANSCRIBE_OPTIONS, **LINE_OPTIONS}.items():
        if name not in COMMANDS_OWN:
            shown = COMMAND[name].default
            assert getattr(shown, "value", shown) == default
    assert COMMAND["threads"].default == inspect.signature(load_model).parameters["threads"].default


def test_the_commands_help_has_no_option_that_is_not_there() -> None:
    shown = [name for panel in PANELS.values() for name in panel]
    own = {"temperature_increment_on_fallback"}
    assert len(shown) == len(set(shown))
    assert set(shown) == {*TRANSCRIBE_OPTIONS, *LINE_OPTIONS, *own}


def test_the_commands_temperatures_are_those_of_the_function() -> None:
    own = {name: default for name, (default, _) in COMMANDS_OWN.items()}
    made = temperatures(own["temperature"], own["temperature_increment_on_fallback"])
    assert made == pytest.approx(TRANSCRIBE_OPTIONS["temperature"])


@pytest.mark.parametrize(("first", "step"), [(0.0, 0.2), (0.4, 0.2), (0.0, 0.3), (1.0, 0.5)])
def test_the_temperatures_are_those_of_openai_whispers_command(first: float, step: float) -> None:
    np = pytest.importorskip("numpy")
    expected = list(np.arange(first, 1.0 + 1e-6, step))
    # To the last bit or two of a double: the runtime has float32.
    assert temperatures(first, step) == pytest.approx(expected, rel=1e-15)


def test_the_command_writes_every_format() -> None:
    assert [each.value for each in OutputFormat] == [*FORMATS, "all"]


def test_the_command_shows_every_option() -> None:
    usage = run([*SOTTO, "transcribe"], "--help", variables={"COLUMNS": "200", "TERM": "dumb"}).out
    for name in COMMAND:
        assert f"--{name} " in usage or name == "files"


def test_the_native_commands_options_are_options_of_the_other() -> None:
    shown = set(re.findall(r"^  --([a-z-]+)", run(NATIVE, "--help").out, re.MULTILINE))
    own = {"litert", "no-verify", "timestamps", "tokens", "vad", "version", "weight-cache", "help"}
    assert {name.replace("-", "_") for name in shown - own} <= set(COMMAND)


# ---- openai-whisper ----------------------------------------------------------------------


def whispers_command() -> dict[str, Any]:
    """Option -> default of openai-whisper's command."""
    whisper = pytest.importorskip("whisper.transcribe")

    class Parsed(Exception):
        pass

    def stop(parser: argparse.ArgumentParser) -> None:
        raise Parsed(parser)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(argparse.ArgumentParser, "parse_args", stop)
        with pytest.raises(Parsed) as caught:
            whisper.cli()
    actions = caught.value.args[0]._actions
    return {each.dest: each.default for each in actions if each.option_strings}


# Ours are said in the command's --help.
OTHER_DEFAULTS = {"model", "output_dir", "output_format", "verbose", "beam_size", "help"}


def test_openai_whispers_command_has_no_other_option_or_default() -> None:
    for name, default in whispers_command().items():
        if name not in OTHER_DEFAULTS:
            assert COMMAND[name].default == default or COMMAND[name].default.value == default
    assert OTHER_DEFAULTS - {"help"} <= set(COMMAND)


def test_openai_whispers_function_has_no_other_option_or_default() -> None:
    pytest.importorskip("whisper")
    from whisper import DecodingOptions
    from whisper.transcribe import transcribe as reference

    mine = inspect.signature(SpeechModel.transcribe).parameters
    expected = {
        name: parameter.default
        for name, parameter in inspect.signature(reference).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY
    }
    expected |= {
        field.name: field.default
        for field in fields(DecodingOptions)
        if field.name not in ("temperature", "fp16")  # the function's own; no effect
    }
    for name, default in expected.items():
        own = TRANSCRIBE_OPTIONS[name] if name in TRANSCRIBE_OPTIONS else mine[name].default
        assert own == default, name
    assert "fp16" in mine


def test_languages_are_openai_whispers() -> None:
    tokenizer = pytest.importorskip("whisper.tokenizer")
    assert tokenizer.LANGUAGES == languages.LANGUAGES
    assert tokenizer.TO_LANGUAGE_CODE == languages.LANGUAGE_CODES


# ---- the stub of the runtime -------------------------------------------------------------

STUB = ast.parse((Path(sotto.__file__).parent / "_runtime.pyi").read_text())
CLASSES = [node for node in STUB.body if isinstance(node, ast.ClassDef)]
FUNCTIONS = [node for node in STUB.body if isinstance(node, ast.FunctionDef)]


def test_the_stub_names_what_the_module_has() -> None:
    stub = {node.name for node in [*CLASSES, *FUNCTIONS]}
    assert stub == {name for name in vars(_runtime) if not name.startswith("_")}


@pytest.mark.parametrize("node", CLASSES, ids=lambda node: node.name)
def test_the_stub_of_a_class_names_its_members(node: ast.ClassDef) -> None:
    methods = {member.name for member in node.body if isinstance(member, ast.FunctionDef)}
    values = [member.target for member in node.body if isinstance(member, ast.AnnAssign)]
    # The values of an enumeration are assigned, not annotated.
    values += [
        target
        for member in node.body
        if isinstance(member, ast.Assign)
        for target in member.targets
    ]
    stub = methods | {target.id for target in values if isinstance(target, ast.Name)}
    assert stub - {"__init__"} == members(getattr(_runtime, node.name))


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
