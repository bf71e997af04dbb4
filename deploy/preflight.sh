#!/bin/sh
# preflight.sh GIGABYTES: checks what a machine needs to build Sotto, before anything is begun.
#
# Prints the Python to make the virtual environment with: $PYTHON if it is set, else the first of
# the list below that will do. Says on standard error everything that is missing, and how to
# install it, and then exits with 1. GIGABYTES is the space that the set-up takes here.
set -u

gigabytes=${1:?preflight.sh GIGABYTES}
# CI's own version comes first, then the newer ones, each of which has wheels of all that is needed.
candidates="python3.11 python3.12 python3.13 python3 python3.14"
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
missing=""

lack() {
  missing="$missing $1"
  echo "sotto needs $2" >&2
}

# Prints nothing where PYTHON will do, else what it lacks.
fault_of() {
  "$1" - <<'PYTHON_END' 2>/dev/null || echo "not a Python that runs"
import os, sys, sysconfig
if sys.version_info < (3, 11):
    print("older than 3.11")
else:
    try:
        import ensurepip, venv
    except ImportError:
        print("without venv")
    else:
        if not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")):
            print("without Python.h")
PYTHON_END
}

find_python() {
  if [ -n "${PYTHON:-}" ]; then
    candidates=$PYTHON
  fi
  found="" faults=""
  for candidate in $candidates; do
    command -v "$candidate" >/dev/null 2>&1 || continue
    fault=$(fault_of "$candidate")
    if [ -z "$fault" ]; then
      found=$candidate
      return
    fi
    faults="$faults; $candidate is $fault"
  done
  lack "python3-venv python3-dev" "Python 3.11 or newer with its venv module and headers (PYTHON names one)$faults"
}

check_compiler() {
  printf '#include <optional>\nint main() { return std::optional<int>{}.has_value(); }\n' \
    >"$scratch/main.cc"
  for compiler in ${CXX:-c++ g++ clang++}; do
    "$compiler" -std=c++17 -c "$scratch/main.cc" -o "$scratch/main.o" 2>/dev/null && return
  done
  lack "g++" "a C++17 compiler (CXX names one)"
}

check_space() {
  kilobytes=$(df -Pk . | awk 'END { print $4 }')
  if [ "$kilobytes" -lt $((gigabytes * 1000000)) ]; then
    echo "sotto needs $gigabytes GB of free disk here, most of it for PyTorch;" \
      "there are $((kilobytes / 1000000)) GB in $(pwd)" >&2
    short=yes
  fi
}

short=""
find_python
check_compiler
check_space
if [ -n "$missing" ] && command -v apt-get >/dev/null 2>&1; then
  echo "on Debian or Ubuntu, as root: apt-get install$missing make" >&2
fi
[ -z "$missing$short" ] || exit 1
echo "$found"
