"""Speech to text: the user's side of the C++ runtime."""

from sotto.asr.languages import LANGUAGES
from sotto.asr.locate import available_models
from sotto.asr.model import SpeechModel, load_model
from sotto.asr.options import TranscribeOptions
from sotto.asr.result import Profile, Segment, Transcription, Word
from sotto.asr.stream import Stream, StreamOptions, StreamUpdate, StreamWord

__all__ = [
    "LANGUAGES",
    "Profile",
    "Segment",
    "SpeechModel",
    "Stream",
    "StreamOptions",
    "StreamUpdate",
    "StreamWord",
    "TranscribeOptions",
    "Transcription",
    "Word",
    "available_models",
    "load_model",
]
