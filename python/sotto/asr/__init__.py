"""Speech to text: the user's side of the C++ runtime."""

from sotto.asr.languages import LANGUAGES
from sotto.asr.locate import available_models
from sotto.asr.model import SpeechModel, load_model
from sotto.asr.options import TranscribeOptions
from sotto.asr.result import Profile, Segment, Transcription, Word

__all__ = [
    "LANGUAGES",
    "Profile",
    "Segment",
    "SpeechModel",
    "TranscribeOptions",
    "Transcription",
    "Word",
    "available_models",
    "load_model",
]
