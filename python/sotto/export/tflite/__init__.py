"""TFLite files: lowered from TorchScript, read, merged, cut and written."""
