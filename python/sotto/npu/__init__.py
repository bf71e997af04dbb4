"""MediaTek's NPU: what it accepts."""
