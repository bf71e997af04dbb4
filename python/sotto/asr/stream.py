"""Speech to text while it is spoken: ``model.stream().push(samples)``."""

from __future__ import annotations

import os
from array import array
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from threading import Event
from typing import TYPE_CHECKING, Any, Literal

from numpy.typing import NDArray

from sotto import _runtime
from sotto.asr.languages import language_code
from sotto.asr.result import Word
from sotto.errors import AudioError, OptionError
from sotto.preprocess.audio_array import TYPES, as_array, is_sample_type, scaled, warn_of_scale
from sotto.runtime import option_values
from sotto.runtime.locate import find_litert, find_vad

if TYPE_CHECKING:
    from sotto.asr.model import SpeechModel


@dataclass(frozen=True)
class StreamOptions:
    """How a stream is transcribed: ``sotto::StreamOptions`` in C++, which checks them.

    Attributes:
        language: a code or an English name; None detects it, and keeps it once words are
            confirmed.
        task: ``transcribe``, or ``translate`` into English.
        step: seconds of audio between decodings, 0.1 to half of ``max_buffer``. Shorter is
            sooner confirmed, and more work.
        max_buffer: seconds of audio held and decoded at once, 4 to 29.
        agreement: decodings in a row that must agree on a word, 1 to 5.
        hold_back: words that end within so many seconds of the audio's end stay tentative.
        vad_threshold: probability from which audio is speech.
        endpoint_silence: seconds without speech that end an utterance, 0.1 to 5.
        min_speech: seconds of speech; less is no utterance, 0 to 1.
        condition_on_previous_text: the decoder's prompt is what was confirmed before.
        initial_prompt: the prompt before anything is confirmed.
        window: seconds of one of the bundle's windows; 0 is the shortest that holds what is
            decoded.
    """

    language: str | None = None
    task: Literal["transcribe", "translate"] = "transcribe"
    step: float = 0.5
    max_buffer: float = 9.0
    agreement: int = 2
    hold_back: float = 0.0
    vad_threshold: float = 0.5
    endpoint_silence: float = 0.5
    min_speech: float = 0.1
    condition_on_previous_text: bool = True
    initial_prompt: str | None = None
    window: int = 0

    def to_runtime(self) -> _runtime.StreamOptions:
        """The C++ object. Raises OptionError where a value has another type."""
        options = _runtime.StreamOptions()
        for name, convert in _CONVERSIONS.items():
            setattr(options, name, convert(name, getattr(self, name)))
        options.language = language_code(options.language)
        return options


_CONVERSIONS: dict[str, Callable[[str, Any], Any]] = {
    "language": option_values.text,
    "task": option_values.text,
    "step": option_values.number,
    "max_buffer": option_values.number,
    "agreement": option_values.integer,
    "hold_back": option_values.number,
    "vad_threshold": option_values.number,
    "endpoint_silence": option_values.number,
    "min_speech": option_values.number,
    "condition_on_previous_text": option_values.flag,
    "initial_prompt": option_values.text,
    "window": option_values.integer,
}


@dataclass(frozen=True)
class StreamWord(Word):
    """A confirmed word: it never changes, and never comes again.

    Attributes:
        confirmed_at: seconds pushed when it was confirmed: ``confirmed_at - end`` is its
            latency, without the time that decoding took.
        utterance: 0, 1, …: the words between two pauses.
    """

    confirmed_at: float
    utterance: int


@dataclass(frozen=True)
class StreamUpdate:
    """What a push brought. Times are seconds of the stream.

    Attributes:
        confirmed: new words.
        tentative: all words past the confirmed ones; the next update replaces them.
        utterances: that have ended so far.
        position: seconds pushed so far.
        buffered: seconds of audio held, ``max_buffer`` at most.
        language: as given, or detected; empty before words are confirmed.
        decodings: done by this push.
        compute_ms: the push took.
    """

    confirmed: list[StreamWord]
    tentative: list[Word]
    utterances: int
    position: float
    buffered: float
    language: str
    decodings: int
    compute_ms: float

    @property
    def confirmed_text(self) -> str:
        """The new words, as written; all updates' are the transcript."""
        return "".join(word.word for word in self.confirmed)

    @property
    def tentative_text(self) -> str:
        """What may follow the confirmed words."""
        return "".join(word.word for word in self.tentative)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_runtime(cls, update: _runtime.StreamUpdate) -> StreamUpdate:
        """The C++ object's values."""
        values = _values(cls, update)
        values["confirmed"] = [StreamWord(**_values(StreamWord, word)) for word in update.confirmed]
        values["tentative"] = [Word.from_runtime(word) for word in update.tentative]
        return cls(**values)


def _values(kind: type[Any], source: object) -> dict[str, Any]:
    """The fields of a dataclass, from the C++ object that has them."""
    return {field.name: getattr(source, field.name) for field in fields(kind)}


class Stream:
    """One stream of audio, decoded again and again as it grows.

    Synchronous: ``push`` decodes when it is time to, on the calling thread and without the GIL.
    Several streams may share a model, and decode at once. One stream takes in one piece at a
    time: a call that comes meanwhile, from ``cancelled`` or another thread, is an OptionError, and
    never waits. Used in a ``with`` statement, it is finished at the end, and ``last`` is the
    update of that.

    Args:
        model: whose bundle has an alignment graph, for the times of words.
        vad: True finds the bundle ``silero-vad`` (see ``runtime.locate``), which tells speech from
            silence; or that bundle's directory. False takes everything for speech: then silence
            is decoded, too, and utterances end where the decoder hears nothing more.
        cancelled: asked before each graph run of a decoding whether to stop: the push then raises
            CancelledError, and the next one decodes again.
        **options: the fields of :class:`StreamOptions`.

    Raises:
        BundleError: there is no VAD bundle, or it is damaged.
        OptionError: an option is unknown or out of range, or the model's bundle has no
            alignment graph.
    """

    def __init__(
        self,
        model: SpeechModel,
        *,
        vad: bool | str | os.PathLike[str] = True,
        cancelled: Callable[[], bool] | None = None,
        **options: Any,
    ) -> None:
        try:
            self.options = StreamOptions(**options)
        except TypeError as error:
            known = ", ".join(field.name for field in fields(StreamOptions))
            raise OptionError(f"{error}; the options are vad, {known}") from None
        chosen = self.options.to_runtime()
        detector = None
        if vad is True:
            detector = model.voice_activity_detector()
        elif vad is not False:
            detector = _runtime.VoiceActivityDetector(find_vad(vad), library=find_litert())
        self._model = model.name
        # Not self: what C++ holds is not collected where it holds what holds it.
        self._closed = closed = Event()
        self._stream = _runtime.Stream(
            model.runtime,
            detector,
            chosen,
            lambda: closed.is_set() or (cancelled is not None and cancelled()),
        )
        self.last: StreamUpdate | None = None

    def push(self, samples: NDArray[Any] | array[Any] | memoryview) -> StreamUpdate:
        """Takes in audio as it comes: any number of samples.

        Args:
            samples: ``[n]``, ``[1, n]`` or ``[n, 1]``, 16 kHz mono, of float32, float64 or float16
                (nominally -1 … 1), int16, int32 or uint8: an array of numpy, or an ``array.array``
                or memoryview of such numbers.

        Raises:
            AudioError: not such an array, or a sample is NaN, infinite or absurdly loud; nothing
                of it was taken in.
            CancelledError: ``cancelled`` said so, or the stream or its model was closed meanwhile.
            OptionError: the stream is finished or closed, or at work on another thread.

        Warns:
            SampleScaleWarning: the numbers look like those of another type.
        """
        self._check_open()
        given = as_array(samples)
        if given is not None and given.ndim == 2 and given.shape[1] == 1:
            given = given[:, 0]
        if given is None or given.ndim != 1:
            shape = getattr(samples, "shape", type(samples).__name__)
            raise AudioError(f"pushed {shape}; expected an array of samples [n], 16 kHz mono")
        if not is_sample_type(given.dtype):
            raise AudioError(f"pushed samples of {given.dtype}; expected {TYPES}")
        warn_of_scale(given, "what was pushed")
        self.last = StreamUpdate.from_runtime(self._stream.push(scaled(given)))
        return self.last

    def finish(self) -> StreamUpdate:
        """Decodes and confirms what is left. Nothing can be pushed afterwards.

        Raises:
            CancelledError, OptionError: as :meth:`push`.
        """
        self._check_open()
        self.last = StreamUpdate.from_runtime(self._stream.finish())
        return self.last

    def close(self) -> None:
        """Drops what is left undecoded, from any thread, and without waiting.

        A call that is at work raises CancelledError once the graph that runs is done, and later
        ones OptionError. A second time does nothing.
        """
        self._closed.set()

    def _check_open(self) -> None:
        if self._closed.is_set():
            raise OptionError("the stream is closed; push to a new one")

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self.finish()
        finally:
            self.close()

    def __repr__(self) -> str:
        position = 0.0 if self.last is None else self.last.position
        closed = self._closed.is_set()
        return f"Stream(model={self._model!r}, position={position:.2f}, closed={closed})"
