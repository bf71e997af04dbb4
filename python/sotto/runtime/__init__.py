"""What all users of the C++ runtime share: where bundles and LiteRT are, loading, option values."""
