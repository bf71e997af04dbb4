#!/usr/bin/env python3
"""Step 2: step 1's TorchScript to a TFLite bundle. See --help."""

from sotto.commands.steps import run, step2

if __name__ == "__main__":
    run(step2)
