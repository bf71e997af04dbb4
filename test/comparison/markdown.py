"""The comparison as the page ``docs/comparison.md``."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from comparison.model_comparison import BASELINE, ModelComparison
from comparison.report import SUMMARY, error_rate_text, same_text, summary_rows

PACKAGES = ("sotto", "openai-whisper", "torch", "ai-edge-litert", "litert-torch")

INTRODUCTION = """\
# Every stage against openai-whisper

Written by `make compare` (`{command}`), which makes missing bundles itself. {date}, {machine}; \
{versions}.

Each clip goes whole through `whisper.transcribe` (float32, PyTorch), through the same function \
with step 1's TorchScript graphs in the model's place, and through step 2's TFLite in the C++ \
runtime: fp32, int8, and int8 with the window chosen by what is left of the clip (10 s where that \
leaves a second to spare). All the others hear 30 s, as openai-whisper does. All stages get the \
same samples, and decode greedily at temperature 0 without falling back, with timestamps, in the \
clip's language; the text before a window is its prompt.

- **Tokens**: the stages in float32 must sample openai-whisper's own tokens and timestamps; where \
they would not, the difference counts unless the reference's two best logits lie within 0.01.
- **Errors**: of words (of characters, *char.*, in Chinese and Japanese), after Whisper's text \
normalisers, against a human's transcript; with \\*, against openai-whisper's where none is known.
- **Seconds**: from samples to text, the second of two runs. RTF, the real-time factor, is \
seconds a second of audio. Loading happens once and is apart, in the summary. Absolute figures \
drift with what else the machine does; the stages take turns clip by clip, so that they \
can be compared.
- The clips `{packaged}` come with the package moonshine-voice; the others are the recordings \
in `$SOTTO_TEST_AUDIO`.
"""


def write_markdown(comparisons: list[ModelComparison], path: Path, command: str) -> None:
    """Writes the page.

    Args:
        comparisons: one a model.
        path: file to write.
        command: which makes the page.
    """
    packaged = "`, `".join(
        dict.fromkeys(clip.name for c in comparisons for clip in c.clips if clip.packaged)
    )
    parts = [
        INTRODUCTION.format(
            command=command,
            date=datetime.now(UTC).date().isoformat(),
            machine=_machine(),
            versions=", ".join(f"{name} {version(name)}" for name in PACKAGES),
            packaged=packaged or "none",
        ),
        "## Summary\n",
        _table(
            SUMMARY,
            [row for comparison in comparisons for row in summary_rows(comparison)],
        ),
    ]
    parts.append(_verdict(comparisons))
    for comparison in comparisons:
        parts += [f"## {comparison.model}, clip by clip\n", _clips(comparison)]
    if any(comparison.differences for comparison in comparisons):
        parts += ["## Graph by graph\n", GRAPHS, _differences(comparisons)]
    for comparison in comparisons:
        if comparison.languages:
            parts += [f"## Languages detected, {comparison.model} fp32\n", _languages(comparison)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(parts), encoding="utf-8")


GRAPHS = """\
The largest absolute difference from openai-whisper's own modules, each graph fed with the \
reference's inputs, over the first 30 s of every clip: log-mel in C++, cross-attention keys \
and values of all layers, and the logits of the decoder step (token by token over its cache, \
against the whole transcript at once).
"""


def _verdict(comparisons: list[ModelComparison]) -> str:
    referenced = {
        clip.name: clip.reference
        for comparison in comparisons
        for clip in comparison.clips
        if clip.language == "en" and clip.reference is not None
    }
    words = sum(len(reference.split()) for reference in referenced.values())
    lines = [
        f"English WER is over the clips with a human's transcript, {words} words: "
        f"{', '.join(referenced) or 'none'}."
    ]
    failures = [line for comparison in comparisons for line in comparison.failures()]
    if failures:
        lines += ["", "**Not as it must be:**", "", *(f"- {line}" for line in failures)]
    else:
        lines.append(
            "All is as it must be: float32 tokens are openai-whisper's, int8 loses no more than "
            "one point of word error rate or one word, every graph is within its limit."
        )
    return "\n".join(lines) + "\n"


def _clips(comparison: ModelComparison) -> str:
    rows = []
    for clip in comparison.clips:
        expected = comparison.results[BASELINE][clip.name].text
        for stage, results in comparison.results.items():
            result, scored = results[clip.name], comparison.scores[stage][clip.name]
            first = scored.difference.describe(comparison.spell) if scored.difference else ""
            is_baseline = stage == BASELINE
            rows.append(
                [
                    f"**{clip.name}** ({clip.seconds:.1f} s)" if is_baseline else "",
                    stage,
                    f"{result.window} s" if result.window else "auto",
                    str(result.token_count),
                    "" if is_baseline else same_text(scored),
                    error_rate_text(scored),
                    f"{result.seconds:.2f}",
                    f"{result.real_time_factor:.3f}",
                    result.text if is_baseline or result.text != expected else "same",
                    first,
                ]
            )
    header = ["clip", "stage", "window", "tokens", "match", "errors", "seconds", "RTF"]
    return _table([*header, "transcript", "first differing token"], rows)


def _differences(comparisons: list[ModelComparison]) -> str:
    rows = []
    for comparison in comparisons:
        for stage in dict.fromkeys(difference.stage for _, difference in comparison.differences):
            found = [(c, d) for c, d in comparison.differences if d.stage == stage]
            clip, worst = max(found, key=lambda pair: pair[1].largest)
            minimum = min(difference.signal_to_noise for _, difference in found)
            limits = sorted({difference.limit for _, difference in found})
            rows.append(
                [
                    comparison.model,
                    stage,
                    f"{worst.largest:.1e}",
                    clip.name,
                    f"{max(difference.scale for _, difference in found):.3g}",
                    f"{minimum:.0f} dB",
                    " / ".join(f"{limit:g}" for limit in limits),
                ]
            )
    header = ["model", "graph", "largest difference", "on", "on values up to"]
    table = _table([*header, "least signal to noise", "limit"], rows)
    if not any(" / " in row[-1] for row in rows):
        return table
    return table + (
        "\nWhere there are two limits, the second is for the packaged clips: XNNPACK sums one by "
        "one what PyTorch sums in blocks, and a single value of two_cities (base) shows it.\n"
    )


def _languages(comparison: ModelComparison) -> str:
    rows = [
        [
            found.clip,
            found.spoken or "",
            f"{found.expected} ({found.expected_probability:.3f})",
            found.actual,
            f"{found.largest_difference:.1e}",
        ]
        for found in comparison.languages
    ]
    header = ["clip", "spoken", "openai-whisper", "runtime"]
    return _table([*header, "largest difference of a probability"], rows)


def _table(header: list[str], rows: Iterable[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *([_cell(text) for text in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*").replace("\\*\\*", "**").replace("\n", " ")


def _machine() -> str:
    model = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.is_file():
        lines = information.read_text().splitlines()
        names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
        model = names[0] if names else model
    return f"{os.cpu_count()} cores of {model}, {platform.system()} {platform.machine()}"
