#!/bin/sh
# beside.sh [PACKAGE...]: asks whether Sotto installs beside each of these packages, and beside all of
# them at once. Their newest releases are taken, not our pins. Nothing is installed: uv (pip install uv)
# reads what packages say of themselves, where pip --dry-run would download them.
set -eu

python=${PYTHON:-python3}
[ $# -gt 0 ] || set -- gradio numba spacy openai-whisper
[ -z "${PIP_INDEX_URL:-}" ] || export UV_DEFAULT_INDEX="$PIP_INDEX_URL"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

failed=0
beside() {
  printf '%s\n' "sotto @ file://$(pwd)" "$@" >"$scratch/wanted.txt"
  if "$python" -m uv pip compile --quiet --python "$python" --output-file "$scratch/chosen.txt" \
    "$scratch/wanted.txt" 2>"$scratch/log"; then
    # shellcheck disable=SC2046 # one word a package
    echo "beside $*:" $(for name in "$@" numpy typer; do grep "^$name==" "$scratch/chosen.txt"; done)
  else
    failed=1
    echo "not beside $*:"
    cat "$scratch/log"
  fi
  rm -f "$scratch/chosen.txt"
}

for package; do beside "$package"; done
beside "$@"
exit $failed
