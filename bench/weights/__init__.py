"""A checkpoint's weights in the formats of the peers, so that all run the same model."""
