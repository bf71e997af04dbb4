"""Encoders of text, images and sound from checkpoint to bundle."""
