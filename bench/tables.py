"""What was measured, as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby

from accuracy import Errors
from figures import Figure, Result, call_ms, paired_ratio, token_ms
from measurement import Measurement

MEBIBYTE = 1 << 20
ABSENT = "-"

HEADER = (
    "contender",
    "call, ms",
    "real-time factor",
    "sotto's time ÷ its",
    "load, ms",
    "start to first token, ms",
    "first token, ms",
    "encoder, ms",
    "ms a token",
    "peak MiB",
    "disk MiB",
    "rounds",
)

LEGEND = """\
Medians over the rounds, with least and greatest in brackets. *call*: samples to text with a
loaded, warm model. *real-time factor*: seconds of work a second of audio. *sotto's time ÷ its*:
of the same round, median of the ratios; below 1 Sotto is faster. *load*: with what the first call
takes longer than a warm one. *start to first token*: from an empty process, importing the library
included. *first token*: a warm call that is limited to one token. *encoder*, *ms a token*: of the
first window, text alone, in a call that is watched, which is not the one timed; a dash is what a
peer does not show. *peak MiB*: largest resident set of the whole process. *disk MiB*: weights and
what lies beside them. *rounds*: kept of those run; one is dropped if other processes used the CPU
in each of its attempts.
"""


def markdown_table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table whose first column is text and whose others are figures."""
    head = list(header)
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *map(list, rows)]
    cells = [[cell.replace("|", "\\|") for cell in line] for line in lines]
    return "".join(f"| {' | '.join(line)} |\n" for line in cells)


def shown(figure: Figure | None, digits: int = 0, scale: float = 1.0) -> str:
    """``12 (11 to 14)``; the brackets only where there is more than one value."""
    if figure is None:
        return ABSENT
    median = f"{figure.median * scale:.{digits}f}"
    if figure.count == 1:
        return median
    return f"{median} ({figure.low * scale:.{digits}f} to {figure.high * scale:.{digits}f})"


def result_tables(results: list[Result], ours: str) -> str:
    """One table for each model, number of threads and case, with ``ours`` as what is divided."""

    def where(result: Result) -> tuple[str, int, str, float]:
        return result.model, result.threads, result.case, result.seconds

    parts = []
    for (model, threads, case, seconds), group in groupby(results, key=where):
        cores = "1 thread" if threads == 1 else f"{threads} threads"
        parts.append(f"### {model}, {case} ({seconds:.1f} s of audio), {cores}\n\n")
        parts.append(_case_table(list(group), ours))
        parts.append("\n")
    return "".join(parts)


def _case_table(results: list[Result], ours: str) -> str:
    own = next((result for result in results if result.contender == ours), None)
    return markdown_table(HEADER, (_row(result, own) for result in results))


def _row(result: Result, own: Result | None) -> list[str]:
    def figure(value: Callable[[Measurement], float | None]) -> Figure | None:
        return result.figure(value)

    calls = result.values(call_ms)
    ratio = paired_ratio(own.values(call_ms), calls) if own not in (None, result) else None
    return [
        result.contender,
        shown(figure(call_ms)),
        shown(figure(call_ms), 3, 1 / 1000 / result.seconds),
        shown(ratio, 2),
        shown(figure(lambda m: m.ready_ms)),
        shown(figure(lambda m: m.start_ms)),
        shown(figure(lambda m: m.heard[0].first_token_ms)),
        shown(figure(lambda m: m.heard[0].encoder_ms)),
        shown(figure(token_ms), 2),
        shown(figure(lambda m: m.peak_mib)),
        f"{result.disk_bytes / MEBIBYTE:.0f}",
        f"{len(result.kept)} of {len(result.rounds)}",
    ]


def different_texts(results: list[Result], ours: str) -> str:
    """What was heard otherwise than by ``ours``, case by case: the work may differ, too."""
    own = {(r.model, r.threads, r.case): r.text for r in results if r.contender == ours}
    rows = []
    for result in results:
        expected = own.get((result.model, result.threads, result.case))
        if expected is not None and result.text.split() != expected.split():
            words = f"{len(result.text.split())} for {len(expected.split())}"
            rows.append([result.model, result.case, str(result.threads), result.contender, words])
    if not rows:
        return f"All contenders heard each case as {ours} did.\n"
    return markdown_table(("model", "case", "threads", "contender", "words"), rows)


@dataclass(frozen=True)
class Accuracy:
    """One contender's word errors with one model.

    Attributes:
        model: the checkpoint's name.
        contender: its name.
        reference: against what was said.
        baseline: against openai-whisper's text of recordings without a reference; None where
            openai-whisper was not run.
    """

    model: str
    contender: str
    reference: Errors
    baseline: Errors | None


def accuracy_table(rows: list[Accuracy]) -> str:
    """Word error rates."""
    header = ("model", "contender", "WER", "errors of words", "from openai-whisper, no reference")
    return markdown_table(
        header,
        (
            [
                row.model,
                row.contender,
                f"{row.reference.rate:.1%}" if row.reference.words else ABSENT,
                f"{row.reference.errors} of {row.reference.words}",
                f"{row.baseline.rate:.1%}" if row.baseline else ABSENT,
            ]
            for row in rows
        ),
    )
