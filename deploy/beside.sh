#!/bin/sh
# beside.sh [PACKAGE...]: asks pip whether Sotto installs beside each of these packages, and beside all
# of them at once, without installing anything. Their own newest releases are taken, not our pins.
set -eu

python=${PYTHON:-python3}
unset PIP_CONSTRAINT PIP_BUILD_CONSTRAINT
[ $# -gt 0 ] || set -- gradio numba spacy openai-whisper
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

failed=0
beside() {
  if "$python" -m pip install --quiet --dry-run --ignore-installed --use-feature=fast-deps --report "$scratch/report.json" \
    . "$@" >"$scratch/log" 2>&1; then
    "$python" - "$scratch/report.json" "$*" <<'END'
import json, re, sys
chosen = {each["metadata"]["name"].lower(): each["metadata"]["version"]
          for each in json.load(open(sys.argv[1]))["install"]}
shown = [*sys.argv[2].split(), "numpy", "typer", "rich"]
print("beside", sys.argv[2] + ":", ", ".join(f"{name} {chosen[name]}" for name in dict.fromkeys(shown)
                                             if name in chosen))
END
  else
    failed=1
    echo "not beside $*:"
    tail -n 5 "$scratch/log"
  fi
}

for package; do beside "$package"; done
beside "$@"
exit $failed
