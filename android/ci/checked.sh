#!/bin/sh
# checked.sh LOG: fails where CheckJNI (-Xcheck:jni) found a fault while the tests ran. LOG is the
# JVM's own output.
set -eu
grep -q 'Xcheck:jni' "$1" || { echo "$1 is of a JVM that did not check JNI"; exit 1; }
if grep -n -A 12 -E 'in native method|JNI local refs|FATAL ERROR' "$1"; then
  echo 'CheckJNI found what is above in libsotto_jni'
  exit 1
fi
echo 'CheckJNI found nothing'
