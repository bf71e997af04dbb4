#!/bin/sh
# needs.sh: says what is missing of what `make android` and `make test-android` call, and fails.
set -eu
missing=''
for tool in javac mvn cmake ninja c++; do
  command -v "$tool" >/dev/null || missing="$missing $tool"
done
[ -z "$missing" ] && exit 0
echo "missing:$missing" >&2
echo 'on Debian: apt-get install default-jdk-headless maven cmake ninja-build g++' >&2
exit 1
