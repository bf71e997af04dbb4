"""The comparison harness: openai-whisper against every later form of the same weights."""

import os

# Read once, when PyTorch loads OpenMP. Its threads spin while they wait for each other, which on
# a machine that has something else to do makes openai-whisper up to six times slower; on a quiet
# one yielding costs nothing that can be measured. Set, the baseline's times are fair.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
