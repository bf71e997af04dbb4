"""Whisper from checkpoint to bundle: steps 1 and 2, and bundles of other precisions."""
