"""Voice activity detection from checkpoint to bundle."""
