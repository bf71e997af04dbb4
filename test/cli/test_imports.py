"""What ``import sotto`` and ``sotto --help`` wait for: nothing that only some work needs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from sotto.cli import COMMANDS, imported

HEAVY = {"numpy", "av", "soxr", "rich", "torch", "sotto._runtime", "sotto.asr.model"}


def modules_after(code: str) -> set[str]:
    """The modules that a fresh interpreter has imported after ``code``, on the last line."""
    told = f"import sys\n{code}\nprint()\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", told], check=True, capture_output=True, text=True)
    return set(done.stdout.splitlines()[-1].split())


def test_importing_sotto_imports_its_errors_alone() -> None:
    found = modules_after("import sotto")
    assert {name for name in found if name.startswith("sotto")} == {"sotto", "sotto.errors"}
    assert not found & {*HEAVY, "importlib.metadata"}


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], []])
def test_the_commands_help_imports_no_command(arguments: list[str]) -> None:
    found = modules_after(
        f"sys.argv = ['sotto', *{arguments}]\n"
        "from sotto.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass"
    )
    assert not found & HEAVY
    assert not {name for name in found if name.startswith("sotto.commands")}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_line_of_the_help_is_the_commands_own(name: str) -> None:
    own = " ".join(imported(name).help.split())
    assert own.startswith(COMMANDS[name][1].rstrip("."))


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_offers_no_installation_of_completions(name: str) -> None:
    options = {option for each in imported(name).params for option in each.opts}
    assert "--install-completion" not in options
