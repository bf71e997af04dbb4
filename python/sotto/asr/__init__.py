"""Speech to text: the user's side of the C++ runtime."""

from sotto.asr.model import SpeechModel, load_model
from sotto.asr.options import TranscribeOptions
from sotto.asr.result import Profile, Segment, Transcription, Word

__all__ = [
    "Profile",
    "Segment",
    "SpeechModel",
    "TranscribeOptions",
    "Transcription",
    "Word",
    "load_model",
]
