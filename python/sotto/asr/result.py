"""What a transcription gives back."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from sotto import _runtime


@dataclass(frozen=True)
class Word:
    """A word with its time.

    Attributes:
        word: with its leading space and punctuation.
        start: seconds from the audio's beginning.
        end: seconds.
        probability: 0 … 1, the mean of its tokens'.
        tokens: its token ids.
    """

    word: str
    start: float
    end: float
    probability: float
    tokens: list[int]

    @classmethod
    def from_runtime(cls, word: _runtime.Word) -> Word:
        """The C++ object's values."""
        return cls(**{field.name: getattr(word, field.name) for field in fields(cls)})


@dataclass(frozen=True)
class Segment:
    """From one timestamp to the next, or a window: openai-whisper's segment.

    Attributes:
        id: 0, 1, …
        seek: log-mel frame (10 ms) at which its window begins.
        start: seconds from the audio's beginning.
        end: seconds.
        text: as decoded, with its leading space.
        tokens: sampled token ids, with timestamps.
        token_logprobs: natural logarithm, one a token.
        temperature: its window was decoded at.
        avg_logprob: of its window's tokens and the end of text.
        compression_ratio: of its window's text.
        no_speech_prob: 0 … 1, of its window.
        words: empty unless asked for.
    """

    id: int
    seek: int
    start: float
    end: float
    text: str
    tokens: list[int]
    token_logprobs: list[float]
    temperature: float
    avg_logprob: float
    compression_ratio: float
    no_speech_prob: float
    words: list[Word]

    @classmethod
    def from_runtime(cls, segment: _runtime.Segment) -> Segment:
        """The C++ object's values."""
        values = {field.name: getattr(segment, field.name) for field in fields(cls)}
        # 0.2 as it was asked for, not the float32 nearest to it.
        values["temperature"] = float(f"{segment.temperature:.6g}")
        values["words"] = [Word.from_runtime(word) for word in segment.words]
        return cls(**values)


@dataclass(frozen=True)
class Profile:
    """Milliseconds of each stage, and what the stages did.

    Attributes:
        accelerator: that the graphs ran on: ``cpu`` or ``npu``.
        load_ms: loading graphs that were not loaded before.
        log_mel_ms: the spectrogram, both passes.
        encoder_ms: all encoder runs.
        decoder_ms: all decoder steps, embedding look-up and cache writes included.
        alignment_ms: word timestamps.
        vad_ms: voice activity detection.
        total_ms: the whole call, decoding of the audio file included.
        encoder_runs: each computes the cross-attention keys and values once.
        decoder_steps: none computes them.
        cache_bytes_written: one position of each layer's self-attention cache a step.
    """

    accelerator: str
    load_ms: float
    log_mel_ms: float
    encoder_ms: float
    decoder_ms: float
    alignment_ms: float
    vad_ms: float
    total_ms: float
    encoder_runs: int
    decoder_steps: int
    cache_bytes_written: int

    @classmethod
    def from_runtime(cls, profile: _runtime.Profile) -> Profile:
        """The C++ object's values."""
        return cls(**{field.name: getattr(profile, field.name) for field in fields(cls)})


@dataclass(frozen=True)
class Transcription:
    """What was said.

    Attributes:
        text: of all segments.
        language: as given, or detected.
        language_probabilities: by language code; empty unless the language was detected.
        segments: in order of time.
        duration: seconds of audio.
        duration_after_vad: seconds of it that were transcribed.
        profile: where the time went.
    """

    text: str
    language: str
    language_probabilities: dict[str, float]
    segments: list[Segment]
    duration: float
    duration_after_vad: float
    profile: Profile

    @property
    def tokens(self) -> list[int]:
        """The tokens of all segments."""
        return [token for segment in self.segments for token in segment.tokens]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self)

    def to_whisper(self, *, word_timestamps: bool = False) -> dict[str, Any]:
        """The dict of openai-whisper's transcribe(), in its order of keys.

        Args:
            word_timestamps: whether each segment has ``words``.
        """
        segments = []
        for segment in self.segments:
            values = {key: getattr(segment, key) for key in _WHISPER_SEGMENT}
            if word_timestamps:
                values["words"] = [
                    {key: getattr(word, key) for key in _WHISPER_WORD} for word in segment.words
                ]
            segments.append(values)
        return {"text": self.text, "segments": segments, "language": self.language}

    @classmethod
    def from_runtime(cls, result: _runtime.Transcription) -> Transcription:
        """The C++ object's values."""
        return cls(
            text=result.text,
            language=result.language,
            language_probabilities=result.language_probabilities,
            segments=[Segment.from_runtime(segment) for segment in result.segments],
            duration=result.duration,
            duration_after_vad=result.duration_after_vad,
            profile=Profile.from_runtime(result.profile),
        )


# The keys of whisper/transcribe.py (new_segment) and whisper/timing.py (add_word_timestamps).
_WHISPER_SEGMENT = (
    "id",
    "seek",
    "start",
    "end",
    "text",
    "tokens",
    "temperature",
    "avg_logprob",
    "compression_ratio",
    "no_speech_prob",
)
_WHISPER_WORD = ("word", "start", "end", "probability")
