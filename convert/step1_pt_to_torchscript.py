#!/usr/bin/env python3
"""Step 1: a Whisper checkpoint to TorchScript, tables and a manifest. See --help."""

from sotto.commands.steps import run, step1

if __name__ == "__main__":
    run(step1)
