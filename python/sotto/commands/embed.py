"""``sotto embed``: vectors of texts, pictures and recordings."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator, Sequence
from enum import Enum
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import numpy as np
import typer

from sotto.bundle import replacing_file
from sotto.commands.accelerator import Accelerator, AcceleratorOption, NpuDispatch, Soc
from sotto.commands.output import make_text_printable
from sotto.errors import OptionError, OutputError, SottoError
from sotto.terminal import FAILURE, clean_exits, discard_stdout, stderr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sotto.index.folder.items import Item

BATCH = 32


class VectorFormat(Enum):
    """What vectors are written as."""

    json = "json"
    npy = "npy"
    arrow = "arrow"
    parquet = "parquet"


def embed(
    files: Annotated[
        list[str],
        typer.Argument(
            help="Texts, pictures, recordings: a vector each; - is standard input, a text a line.",
            show_default=False,
        ),
    ],
    model: Annotated[
        str, typer.Option(help="Bundle of an encoder: a directory, or its name under models/.")
    ] = "all-MiniLM-L6-v2",
    output_format: Annotated[
        VectorFormat,
        typer.Option(
            "--output_format",
            "-f",
            help="json: a line each, of item and vector; npy: float32 [n, dimensions]; arrow: a "
            "stream; parquet.",
        ),
    ] = VectorFormat.json,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write there, not to standard output."),
    ] = None,
    normalize: Annotated[bool, typer.Option(help="Scale vectors to length 1.")] = True,
    threads: Annotated[int, typer.Option(help="Of the model; 0: 4 at most.")] = 0,
    accelerator: AcceleratorOption = Accelerator.cpu,
    soc: Soc = None,
    npu_dispatch: NpuDispatch = None,
) -> None:
    """Embed texts, pictures or recordings. Vectors go to standard output.

    echo "The meeting is on Monday." | sotto embed -

    sotto embed *.jpg --model clip-vit-base-patch32 -f npy -o pictures.npy
    """
    with clean_exits():
        make_text_printable()
        _check_destination(output_format, output)
        from sotto.runtime.locate import find_encoder

        where = {
            "threads": threads,
            "accelerator": accelerator.value,
            "soc": soc,
            "npu_dispatch": npu_dispatch,
        }
        work = _Work(str(find_encoder(model)), normalize, where)
        names, vectors = work.embed(work.items(files))
        if work.failed and output_format is VectorFormat.npy:
            raise OutputError(
                "nothing was written: rows of an npy would no longer be those of the files; use "
                "another --output_format, or leave the file out"
            )
        _write(_FORMATS[output_format](names, vectors), output)
        if work.failed:
            raise typer.Exit(FAILURE)


class _Work:
    """One bundle's encoders over items of any modality."""

    def __init__(self, bundle: str, normalize: bool, where: dict[str, Any]) -> None:
        self._bundle, self._normalize, self._where = bundle, normalize, where
        self._encoders: dict[str, Any] = {}
        self.failed = False

    def items(self, files: Sequence[str]) -> Iterator[Item]:
        """Of files, and of the lines of standard input."""
        from sotto.index.folder.items import items_of
        from sotto.index.folder.reading import UnreadableError

        for file in files:
            try:
                yield from items_of(file)
            except UnreadableError as error:
                self._tell(f"{file}: {error}")

    def embed(self, items: Iterator[Item]) -> tuple[list[str], NDArray[np.float32]]:
        """Names, and vectors ``[n, d]``; what an encoder refuses is told and left out.

        Items are taken as they are embedded: files need no memory before.
        """
        names: list[str] = []
        vectors: list[NDArray[np.float32]] = []
        with stderr.status("", spinner="line") as status:
            while some := list(islice(items, BATCH)):
                for run in _runs(some):
                    for item, vector in self._encoded(run):
                        names.append(item.name)
                        vectors.append(vector)
                status.update(f"{len(names)} embedded")
        return names, np.stack(vectors) if vectors else np.empty((0, 0), np.float32)

    def _encoded(self, items: list[Item]) -> Iterator[tuple[Item, NDArray[np.float32]]]:
        encoder = self._encoder(items[0].modality)
        try:
            found = encoder.encode([each.value for each in items], normalize=self._normalize)
            yield from zip(items, np.atleast_2d(found), strict=True)
        except SottoError as error:
            if len(items) == 1:
                self._tell(f"{items[0].name}: {error}")
                return
            for each in items:  # to find out which of them it was
                yield from self._encoded([each])

    def _encoder(self, modality: str) -> Any:
        from sotto.index.bundles import load_encoder

        if modality not in self._encoders:
            self._encoders[modality] = load_encoder(self._bundle, modality, **self._where)
        return self._encoders[modality]

    def _tell(self, line: str) -> None:
        self.failed = True
        stderr.print(f"error: {line}", markup=False, style="red")


def _runs(items: list[Item]) -> Iterator[list[Item]]:
    """Neighbours of one modality."""
    run: list[Item] = []
    for item in items:
        if run and run[-1].modality != item.modality:
            yield run
            run = []
        run.append(item)
    if run:
        yield run


def _check_destination(output_format: VectorFormat, output: Path | None) -> None:
    if output is None and output_format is not VectorFormat.json and sys.stdout.isatty():
        raise OptionError(
            f"{output_format.value} is not for terminals; give --output FILE, or redirect it"
        )


def _json(names: list[str], vectors: NDArray[np.float32]) -> bytes:
    lines = [
        json.dumps({"item": name, "vector": [float(f"{value:.7g}") for value in vector]})
        for name, vector in zip(names, vectors.tolist(), strict=True)
    ]
    return "".join(f"{line}\n" for line in lines).encode()


def _npy(names: list[str], vectors: NDArray[np.float32]) -> bytes:
    file = io.BytesIO()
    np.save(file, vectors)
    return file.getvalue()


def _table(names: list[str], vectors: NDArray[np.float32]) -> Any:
    import pyarrow as pa

    flat = pa.array(np.ascontiguousarray(vectors).reshape(-1))
    column = pa.FixedSizeListArray.from_arrays(flat, max(1, vectors.shape[1]))
    return pa.table({"item": pa.array(names, pa.string()), "vector": column})


def _arrow(names: list[str], vectors: NDArray[np.float32]) -> bytes:
    import pyarrow as pa

    table = _table(names, vectors)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def _parquet(names: list[str], vectors: NDArray[np.float32]) -> bytes:
    from pyarrow import parquet

    file = io.BytesIO()
    parquet.write_table(_table(names, vectors), file)
    return file.getvalue()


_FORMATS = {
    VectorFormat.json: _json,
    VectorFormat.npy: _npy,
    VectorFormat.arrow: _arrow,
    VectorFormat.parquet: _parquet,
}


def _write(data: bytes, output: Path | None) -> None:
    """Whole or not at all, where it goes to a file."""
    if output is not None:
        with replacing_file(output) as file:
            file.write_bytes(data)
        return
    stdout: BinaryIO = sys.stdout.buffer
    try:
        stdout.write(data)
        stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        discard_stdout()
        raise OutputError(f"can't write to standard output ({error.strerror})") from error
