#!/bin/sh
# quietly.sh LOG LINE COMMAND...: runs COMMAND, shows LINE and how long it takes, and keeps what
# COMMAND prints in the file LOG. Where it fails the end of LOG is shown. VERBOSE=1 shows all of it.
set -u

log=$1 line=$2
shift 2
mkdir -p "$(dirname "$log")"
echo "$line"
if [ "${VERBOSE:-0}" != 0 ]; then
  exec "$@"
fi

begun=$(date +%s)
seconds() { echo $(($(date +%s) - begun)); }

# The command runs in front, so that Ctrl-C reaches it; a line that is written over is for
# terminals alone.
ticker=""
if [ -t 1 ]; then
  while sleep 1; do
    printf '\r\033[K  %s s  %s' "$(seconds)" "$(tail -n 1 "$log" 2>/dev/null | cut -c1-60)"
  done &
  ticker=$!
fi
status=0
"$@" >"$log" 2>&1 || status=$?
if [ -n "$ticker" ]; then
  kill "$ticker" 2>/dev/null
  wait "$ticker" 2>/dev/null
  printf '\r\033[K'
fi
if [ "$status" -ne 0 ]; then
  tail -n 40 "$log" >&2
  echo "failed after $(seconds) s; all of its output is in $log" >&2
  exit "$status"
fi
echo "  done in $(seconds) s"
