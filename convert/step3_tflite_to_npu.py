#!/usr/bin/env python3
"""Step 3: a TFLite bundle to code for NPUs. See --help."""

from sotto.commands.step3 import run, step3

if __name__ == "__main__":
    run(step3)
