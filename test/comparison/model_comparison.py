"""All stages of one model over all clips: what the reports are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from whisper.tokenizer import Tokenizer

from comparison.baseline import OPTIONS, Baseline
from comparison.bundles import ensure_bundle
from comparison.clips import WINDOW, Clip, clips_for
from comparison.graph_differences import GraphDifferences
from comparison.result import Stage, StageResult
from comparison.runtime import Runtime
from comparison.score import Score, english_word_error_rate, english_words, score
from comparison.torchscript_stage import TorchScriptStage
from comparison.whisper_manifest import is_multilingual
from sotto.bundle import read_manifest
from sotto.export.difference import Difference

Report = Callable[[str], None]

BASELINE = Baseline.name

MAKERS: dict[str, Callable[[Path, Path], Stage]] = {
    "torchscript": lambda int8, fp32: TorchScriptStage(int8),
    "tflite-fp32": lambda int8, fp32: Runtime(fp32),
    "tflite-int8": lambda int8, fp32: Runtime(int8),
    "tflite-int8-auto": lambda int8, fp32: Runtime(int8, window=0),
}
"""How each stage is made of a model's two bundles; step 1's TorchScript lies in the int8 one."""

SAME_TOKENS = ("torchscript", "tflite-fp32")
"""Stages in float32: their tokens must be the baseline's."""

LANGUAGE_TOLERANCE = 1e-3
"""Of a language's probability, fp32: the logits are within 1e-3 themselves."""


def worst_loss(clips: list[Clip]) -> float:
    """Word error rate that int8 may lose against the baseline: a point, or a word if that is more.

    A word whose logits all but tie ("cotton", "carton") falls this way or that with any rounding.
    """
    rounding = 1e-9
    return max(0.01, 1 / english_words(clips)) + rounding


@dataclass(frozen=True)
class DetectedLanguage:
    """What language detection found in a clip's first 30 s, and what the baseline found."""

    clip: str
    spoken: str | None
    expected: str
    expected_probability: float
    actual: str
    largest_difference: float

    @property
    def passed(self) -> bool:
        """The same language, every language's probability within the tolerance."""
        return self.actual == self.expected and self.largest_difference <= LANGUAGE_TOLERANCE


@dataclass
class ModelComparison:
    """One model.

    Attributes:
        model: the checkpoint's name.
        clips: those that the model can transcribe.
        spell: shows a token id as text.
        results: by stage and clip name; the baseline first.
        scores: likewise.
        differences: (clip, difference) of single graphs, fp32.
        languages: of multilingual models.
    """

    model: str
    clips: list[Clip]
    spell: Callable[[int], str]
    results: dict[str, dict[str, StageResult]] = field(default_factory=dict)
    scores: dict[str, dict[str, Score]] = field(default_factory=dict)
    differences: list[tuple[Clip, Difference]] = field(default_factory=list)
    languages: list[DetectedLanguage] = field(default_factory=list)

    def word_error_rate(self, stage: str) -> float | None:
        """Of a stage over the English clips that have a reference."""
        return english_word_error_rate(self.clips, self.results[stage].values())

    def failures(self) -> list[str]:
        """What is not as it must be, a line each; empty if all is well."""
        lines = []
        for stage in SAME_TOKENS:
            for clip, scored in self.scores.get(stage, {}).items():
                if scored.difference is not None and not scored.difference.is_near_tie:
                    difference = scored.difference.describe(self.spell)
                    lines.append(f"{self.model} {stage} {clip}: {difference}")
        best = self.word_error_rate(BASELINE)
        for stage in self.results:
            rate = self.word_error_rate(stage)
            if best is not None and rate is not None and rate - best > worst_loss(self.clips):
                lines.append(f"{self.model} {stage}: word error rate {rate:.1%}, not {best:.1%}")
        lines += [
            f"{self.model} {clip.name}: {difference}"
            for clip, difference in self.differences
            if not difference.passed
        ]
        lines += [
            f"{self.model}: language of {found}" for found in self.languages if not found.passed
        ]
        return lines


def compare_model(
    name: str,
    clips: list[Clip],
    stages: list[str],
    report: Report,
    on_result: Callable[[StageResult, Score], None],
) -> ModelComparison:
    """Runs the baseline and the stages over the clips, each clip twice, and keeps the second.

    Args:
        name: the checkpoint's name; its bundles are made where they are missing.
        clips: all there are; those in a language that the model lacks are left out.
        stages: keys of ``MAKERS``.
        report: called with a line as work goes on.
        on_result: called with each result as it is there.
    """
    int8, fp32 = ensure_bundle(name, "int8", report), ensure_bundle(name, "fp32", report)
    manifest = read_manifest(int8)
    baseline = Baseline(manifest)
    # Token ids of a language do not differ between languages: any will do.
    tokenizer = baseline.tokenizer("en")
    comparison = ModelComparison(
        name,
        clips_for(is_multilingual(manifest), clips),
        lambda token: "end of text" if token == tokenizer.eot else spelled(tokenizer, token),
    )

    # Clip by clip, not stage by stage: what else the machine does then slows all alike.
    forms: list[Stage] = [baseline, *(MAKERS[stage](int8, fp32) for stage in stages)]
    for clip in comparison.clips:
        report(f"{name}: {clip.name} through {', '.join(form.name for form in forms)}")
        for form in forms:
            form.transcribe(clip)
            result = form.transcribe(clip)
            comparison.results.setdefault(form.name, {})[clip.name] = result
            scored = score(clip, comparison.results[BASELINE][clip.name], result)
            comparison.scores.setdefault(form.name, {})[clip.name] = scored
            on_result(result, scored)
    if set(stages) & set(SAME_TOKENS):
        _compare_graphs(comparison, int8, fp32, baseline, report)
    if is_multilingual(manifest) and "tflite-fp32" in stages:
        report(f"{name}: languages")
        runtime = Runtime(fp32)
        comparison.languages = [
            detect_language(clip, baseline, runtime) for clip in comparison.clips
        ]
    return comparison


def _compare_graphs(
    comparison: ModelComparison, int8: Path, fp32: Path, baseline: Baseline, report: Report
) -> None:
    for bundle, torchscript in ((int8, True), (fp32, False)):
        graphs = GraphDifferences(bundle, baseline, torchscript=torchscript)
        report(f"{comparison.model}: {graphs.form} graphs, one by one")
        for clip in comparison.clips:
            tokens = comparison.results[BASELINE][clip.name].windows[0].tokens
            found = [graphs.encoder(clip), graphs.decoder_step(clip, tokens)]
            if torchscript:
                found.insert(0, graphs.log_mel(clip))
            comparison.differences += [(clip, difference) for difference in found]


def spelled(tokenizer: Tokenizer, token: int) -> str:
    """Such as ``“ one” (472)`` or ``“<|2.40|>” (50484)``; part of a character shows as �."""
    return f"“{tokenizer.decode_with_timestamps([token])}” ({token})"


def detect_language(clip: Clip, baseline: Baseline, runtime: Runtime) -> DetectedLanguage:
    """Both detect the language of a clip's first 30 s; its own is kept from them."""
    expected = baseline.language_probabilities(clip)
    # The language is known before the first token of the text.
    result = runtime.model.recognize(clip.first_window, window=WINDOW, sample_len=1, **OPTIONS)
    actual = result.language_probabilities
    best = max(expected, key=lambda code: expected[code])
    differences = [abs(actual[code] - expected[code]) for code in expected]
    return DetectedLanguage(
        clip.name, clip.language, best, expected[best], result.language, max(differences)
    )
