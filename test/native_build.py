"""Where the C++ tests and the library for programs outside are built."""

from __future__ import annotations

from comparison.clips import REPOSITORY

BY_MAKE = REPOSITORY / "build" / "python"
"""By ``make test-cpp``, together with the Python module."""

BY_PRESET = REPOSITORY / "build" / "release"
"""By ``cmake --preset release``."""

NATIVE_BUILD = BY_MAKE if (BY_MAKE / "cpp" / "sotto_tests").exists() else BY_PRESET
