"""Step 3: signatures of a bundle become code for SoCs, kept in it or only made to see they do."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from sotto.bundle import (
    NPU,
    Manifest,
    check_writable,
    link_files,
    replacing_directory,
    write_manifest,
)
from sotto.bundle.manifest import CompiledFormat
from sotto.errors import ModelError
from sotto.npu.result import CompiledFile, CompiledSoc
from sotto.npu.rules import layers_by_output
from sotto.npu.selection import Choice, Part, check_rules, constant_bytes, select, write_part

Report = Callable[[str], None]

MEGABYTE = 1e6

USUALLY = Choice()


class Compiler(Protocol):
    """What makes code of a file: :mod:`sotto.npu.aot` or :mod:`sotto.npu.ncc`."""

    @property
    def format(self) -> CompiledFormat:
        """Of its files."""

    @property
    def socs(self) -> list[str]:
        """Those that it compiles for."""

    def check(self, part: Part) -> None:
        """Raises ModelError for what it can't compile at all."""

    def compile(self, model: Path, part: Part, soc: str, folder: Path) -> list[CompiledFile]:
        """Compiles ``model``, the part alone, into files of ``folder``."""


def compile_bundle(
    bundle: Path,
    compiler: Compiler,
    out: Path | None,
    report: Report,
    *,
    choice: Choice = USUALLY,
) -> list[CompiledSoc]:
    """Compiles signatures of a bundle for each SoC of a compiler.

    Args:
        bundle: as step 2 writes it.
        compiler: with the SoCs to compile for.
        out: bundle to make or replace, whole or not at all: ``bundle`` with the compiled files and
            what its manifest says of them. May be ``bundle`` itself. None keeps nothing.
        report: called with a line of text for each stage.
        choice: of its signatures.

    Returns:
        One a SoC.

    Raises:
        BundleError: the bundle is damaged, or has no graphs.
        DeviceError: the compiler can't be run.
        ModelError: a graph is not whole on the NPU, too large, or was refused.
        OptionError: the bundle has not what is chosen.
        OutputError: ``out`` can't be written.
    """
    if out is not None:
        check_writable(out)
    manifest, parts = select(bundle, choice)
    _check(manifest, parts, compiler, report)
    with tempfile.TemporaryDirectory(prefix="sotto-step3-") as temporary:
        models = {part: Path(temporary) / part.file for part in parts}
        for part, model in models.items():
            write_part(bundle, part, model)
        if out is None:
            return [_verify(compiler, soc, models, report) for soc in compiler.socs]
        stale = tuple(f"{NPU}/{soc}/" for soc in compiler.socs)
        kept = [name for name in manifest.files if not name.startswith(stale)]
        with replacing_directory(out) as directory:
            link_files(bundle, directory, kept)
            found = []
            for soc in compiler.socs:
                folder = directory / NPU / soc
                folder.mkdir(parents=True)
                found.append(_compile(compiler, soc, models, folder, report))
            compiled = {one.soc: one.as_manifest(f"{NPU}/{one.soc}") for one in found}
            added = [path for one in compiled.values() for path in one.files.values()]
            manifest = replace(manifest, npu={**manifest.npu, **compiled})
            write_manifest(directory, manifest, {*kept, *added})
    return found


def _check(manifest: Manifest, parts: list[Part], compiler: Compiler, report: Report) -> None:
    """Before minutes of work: do the rules allow it, and how large will it be."""
    for part in parts:
        if manifest.backend != "mtk":  # whose operations are for MediaTek's tools to judge
            check_rules(part, layers_by_output(manifest).get(part.file, {}))
        compiler.check(part)
        sizes = ", ".join(
            f"{graph.signature} {constant_bytes(graph) / MEGABYTE:.0f} MB" for graph in part.graphs
        )
        report(f"{part.file}: {sizes} of constants; compiled signatures share none")


def _verify(compiler: Compiler, soc: str, models: dict[Part, Path], report: Report) -> CompiledSoc:
    with tempfile.TemporaryDirectory(prefix="sotto-step3-") as folder:
        return _compile(compiler, soc, models, Path(folder), report)


def _compile(
    compiler: Compiler, soc: str, models: dict[Part, Path], folder: Path, report: Report
) -> CompiledSoc:
    files: list[CompiledFile] = []
    for part, model in models.items():
        report(f"{soc}: compiling {', '.join(part.signatures)}")
        files += compiler.compile(model, part, soc, folder)
    if len({(file.compiler, file.sdk) for file in files}) != 1:
        raise ModelError(f"{soc}: its files are by several compilers or versions of Neuron")
    compiled = CompiledSoc(soc, compiler.format, tuple(files))
    who = f"{files[0].compiler} {files[0].sdk}".strip()
    report(f"{soc}: {len(compiled.graphs)} signatures, {compiled.bytes / MEGABYTE:.0f} MB by {who}")
    return compiled
