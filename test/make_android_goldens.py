#!/usr/bin/env python3
"""Writes what Kotlin's tests of android/core expect: real speech, and what Python makes of it.

    python test/make_android_goldens.py build/android/goldens

goldens.json names the bundles and LiteRT's library, too. Bundles that are missing are made.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import struct
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import soundfile
import typer
from comparison.bundles import ensure_bundle, ensure_encoder, ensure_vad_bundle
from comparison.clips import REPOSITORY

from sotto._runtime import VoiceActivityDetector, speech_spans
from sotto.asr import SpeechModel, StreamUpdate, Transcription
from sotto.asr.formats import FORMATS, LineOptions
from sotto.asr.options import TranscribeOptions
from sotto.asr.stream import StreamOptions
from sotto.embed import load_encoder
from sotto.export.recording import packaged_recording
from sotto.npu.aot import find_compiler
from sotto.npu.compile import compile_bundle
from sotto.preprocess import SAMPLE_RATE, read_audio
from sotto.runtime.locate import find_dispatch, find_litert
from sotto.terminal import run

SECONDS = 14
"""Of speech: two of the short windows."""

BLOCK = 1_600
"""Samples that are pushed at once."""

NPU_SOC = "mt6991"

TRANSCRIPTIONS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "words": {"word_timestamps": True},
    "beams": {"beam_size": 3, "patience": 1.5, "length_penalty": 0.5, "temperature": 0.0},
    "samples": {"temperature": 0.6, "best_of": 2, "seed": 7},
    "text alone": {"without_timestamps": True, "condition_on_previous_text": False},
    "prompts": {"initial_prompt": "A tale of two cities — Größe 🎧.", "hotwords": "epoch"},
    "voice activity": {"vad_filter": True, "word_timestamps": True},
}

LINES = [
    LineOptions(),
    LineOptions(highlight_words=True),
    LineOptions(max_line_width=20),
    LineOptions(max_line_width=42, max_line_count=2),
    LineOptions(max_line_width=3, max_line_count=1),
    LineOptions(max_words_per_line=3),
    LineOptions(max_line_count=1),
    LineOptions(True, 30, 2),
    LineOptions(True, None, None, 4),
]

TEXTS = [
    "A red bicycle.",
    "Wo ist der Bahnhof? Größe, naïve, Čeština.",
    "语音识别 🎧 👩‍👩‍👧",
    "",
    "word " * 400,
]

SPANS: list[dict[str, Any]] = [
    {},
    {"min_speech_duration_ms": 250, "min_silence_duration_ms": 100, "speech_pad_ms": 30},
    {"threshold": 0.9, "neg_threshold": 0.2, "speech_pad_ms": 0, "min_silence_duration_ms": 64},
    {"max_speech_duration_s": 2.0},
]

HOSTILE = ["", " ", "\n", "\t", "\r", "\x85", "\xa0", "\x1f", "\u2028", "\u3000", "-->", ":", "<b>"]
PLAIN = ["a", "Bc", "é", "日本", "🎧", ",", ".", "'", '"', "\\", "\x7f", "\x01"]


def speech() -> np.ndarray:
    """float32 ``[n]`` at 16 kHz, with a pause in it."""
    said: np.ndarray = read_audio(packaged_recording())[: SECONDS * SAMPLE_RATE]
    half = len(said) // 2
    pause = np.zeros(2 * SAMPLE_RATE, np.float32)
    return np.concatenate([said[:half], pause, said[half:]]).astype(np.float32)


def transcription(result: Transcription, *, words: bool) -> dict[str, Any]:
    """What Kotlin has of it, and the text of each format's file."""
    whisper = result.to_whisper(word_timestamps=words)
    files = {name: write(whisper, LineOptions()) for name, write in FORMATS.items()}
    return {"result": whisper, "duration": result.duration, "files": files}


def update(given: StreamUpdate) -> dict[str, Any]:
    """A stream's update as Kotlin has it."""
    return {
        kind: [
            {"word": w.word, "start": w.start, "end": w.end, "probability": w.probability}
            for w in words
        ]
        for kind, words in (("confirmed", given.confirmed), ("tentative", given.tentative))
    } | {
        "utterances": given.utterances,
        "position": given.position,
        "language": given.language,
    }


def streamed(model: SpeechModel, samples: np.ndarray) -> list[dict[str, Any]]:
    """The update of each push, and of the end."""
    stream = model.stream(language="en")
    blocks = (samples[i : i + BLOCK] for i in range(0, len(samples), BLOCK))
    return [update(stream.push(block)) for block in blocks] + [update(stream.finish())]


def hostile_results() -> list[dict[str, Any]]:
    """Results whose texts and times are hard to write."""
    draw = random.Random(0)

    def text() -> str:
        return "".join(draw.choice(draw.choice([HOSTILE, PLAIN])) for _ in range(draw.randrange(6)))

    def time() -> float:
        return draw.choice([draw.uniform(0, 20_000), draw.randrange(200_000_000) / 2000])

    def word() -> dict[str, Any]:
        start = time()
        return {"word": text(), "start": start, "end": start + draw.uniform(0, 5)}

    def segment(i: int, with_words: bool) -> dict[str, Any]:
        whole = {
            **{"id": i, "seek": i * 1000, "start": time(), "end": time(), "text": text()},
            **{"tokens": [draw.randrange(50_000) for _ in range(3)], "temperature": 0.2},
            **{"avg_logprob": -draw.random(), "compression_ratio": draw.uniform(0, 30)},
            "no_speech_prob": draw.random() * 1e-6,
        }
        if with_words:
            words = [word() for _ in range(draw.randrange(9))]
            whole["words"] = [{**each, "probability": draw.random()} for each in words]
        return whole

    return [
        {
            "text": text(),
            "segments": [segment(i, with_words) for i in range(draw.randrange(4))],
            "language": "en",
        }
        for with_words in (False, True)
        for _ in range(60)
    ]


def formats() -> list[dict[str, Any]]:
    """Results, options, and the text of each format's file."""
    recorded = json.loads((REPOSITORY / "test" / "formats" / "results.json").read_text())
    results = [*recorded.values(), *hostile_results()]
    return [
        {
            "result": result,
            "lines": asdict(lines),
            "files": {name: write(result, lines) for name, write in FORMATS.items()},
        }
        for i, result in enumerate(results)
        # Every option over the real results; one of them each over the others.
        for lines in (LINES if i < len(recorded) else [LINES[i % len(LINES)]])
    ]


def numbers() -> list[list[str]]:
    """The bits of floats, and Python's text of them."""
    draw = random.Random(1)
    chosen = [0.0, -0.0, 1.0, 0.1, 7.6000000000000005, 1e15, 1e16, 123456789012345680.0, 1e-4, 1e-5]
    # At a power of two the numbers below are half as far away as those above.
    chosen += [2.0**power for power in range(-1074, 1024, 7)]
    bits = [struct.unpack("<d", draw.randbytes(8))[0] for _ in range(500)]
    short = [round(draw.uniform(0, 4000), 2) for _ in range(200)]
    singles = [float(np.float32(draw.random())) for _ in range(200)]
    return [
        [struct.pack(">d", value).hex(), json.dumps(value)]
        for value in [*chosen, *bits, *short, *singles]
        if value == value
    ]


def npu_detector(vad: Path, folder: Path, samples: np.ndarray) -> dict[str, Any]:
    """The detector compiled for an NPU, and its spans by the library that stands for one."""
    shutil.rmtree(folder, ignore_errors=True)
    compile_bundle(
        vad, find_compiler([NPU_SOC], dry_run=True, adapter=None), folder, lambda _: None
    )
    dispatch = find_dispatch("host")
    detector = VoiceActivityDetector(
        folder, library=find_litert(), accelerator="npu", dispatch=dispatch
    )
    spans = speech_spans(detector.probabilities(samples), len(samples), **SPANS[1])
    return {"bundle": str(folder), "dispatch": str(dispatch), "spans": spans}


def make_goldens(
    folder: Annotated[Path, typer.Argument(help="Where they are written.")],
) -> None:
    """Write what Kotlin's tests expect."""
    folder.mkdir(parents=True, exist_ok=True)
    folder = folder.resolve()
    os.environ.setdefault("SOTTO_WEIGHT_CACHE", str(REPOSITORY / "build" / "test-weights"))
    samples = speech()
    soundfile.write(folder / "speech.wav", samples, SAMPLE_RATE, subtype="FLOAT")
    bundle, base = ensure_bundle("tiny.en", "int8"), ensure_bundle("base", "int8")
    vad = ensure_vad_bundle()
    encoder = ensure_encoder("all-MiniLM-L6-v2", "all-MiniLM-L6-v2", "int8", "")
    model = SpeechModel(bundle)
    detector = model.voice_activity_detector()
    probabilities = detector.probabilities(samples)
    # Filled up to the longest window, so that there is no choice of another.
    whole = np.pad(samples, (0, 30 * SAMPLE_RATE - len(samples)))
    language, by_code = SpeechModel(base).detect_language(whole)
    vectors = load_encoder(encoder).encode(TEXTS)
    goldens = {
        "litert": str(find_litert()),
        "bundles": {
            **{"speech": str(bundle), "multilingual": str(base)},
            **{"vad": str(vad), "text": str(encoder)},
        },
        "defaults": {
            "transcribe": asdict(TranscribeOptions()),
            "stream": asdict(StreamOptions()),
        },
        "transcriptions": {
            name: transcription(
                model.recognize(samples, **options), words=options.get("word_timestamps", False)
            )
            for name, options in TRANSCRIPTIONS.items()
        },
        "stream": {"block": BLOCK, "updates": streamed(model, samples)},
        "language": {"code": language, "probability": by_code[language]},
        "embeddings": {"texts": TEXTS, "vectors": vectors.tolist()},
        "spans": [speech_spans(probabilities, len(samples), **each) for each in SPANS],
        "npu": npu_detector(vad, folder / "silero-vad-npu", samples),
        "formats": formats(),
        "numbers": numbers(),
    }
    (folder / "goldens.json").write_text(json.dumps(goldens, default=str))


if __name__ == "__main__":
    run(make_goldens)
