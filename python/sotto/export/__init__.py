"""From checkpoint to bundle: TorchScript (step 1), TFLite (step 2), verification."""
