"""The NPU-friendly torch modules. Each is built from a canonical state dict."""
