#!/usr/bin/env bash
# fresh_machine.sh quick|whole SUITE...: the README's commands on a bare Debian (bookworm, trixie), made by
# debootstrap in a folder of its own and entered by chroot.
#
# Both first want `make demo` to name what is missing, and then install what the README names, no more.
#   quick  pip install ., a transcription from a bundle at hand, and the tests that need no more
#   whole  make demo and make test, which take an hour and 25 GB
#
# Needs root and debootstrap. Registries are reached as here: the environment's settings of pip, of
# proxies and of certificates go in. FRESH_FOLDER: where (/var/tmp/sotto-fresh). KEEP=1 keeps it.
set -euo pipefail
cd "$(dirname "$0")/.."

what=${1:?quick or whole}
shift
folder=${FRESH_FOLDER:-/var/tmp/sotto-fresh}
bundle=${FRESH_BUNDLE:-}
recording=${FRESH_RECORDING:-}

complain() {
  echo "fresh_machine.sh: $*" >&2
  exit 2
}

case $what in
  whole) gigabytes=25 ;;
  quick)
    gigabytes=4
    [ -d "$bundle" ] && [ -f "$recording" ] ||
      complain "quick needs FRESH_BUNDLE, a Whisper bundle, and FRESH_RECORDING, speech in English"
    ;;
  *) complain "expected quick or whole, got $what" ;;
esac
[ "$(id -u)" -eq 0 ] || complain "making a bare Debian and entering it needs root"
command -v debootstrap >/dev/null || complain "apt-get install debootstrap"
mkdir -p "$folder"
[ "$(df -Pk "$folder" | awk 'END { print $4 }')" -gt $((gigabytes * 1000000)) ] ||
  complain "$folder needs $gigabytes GB of free disk"

# What the README tells a user of Debian to install.
packages=$(sed -n 's/.*`apt-get install \([^`]*\)`.*/\1/p' README.md | head -n 1)
[ -n "$packages" ] || complain "the README names no packages"
# The mirror that this machine's own apt uses, if it is one of Debian.
mirror=$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
  sed -n 's/^Debian //p' | head -n 1)

leave() {
  for mounted in dev proc; do
    ! mountpoint -q "$1/$mounted" || umount "$1/$mounted"
  done
  [ "${KEEP:-0}" != 0 ] || rm -rf --one-file-system "$1"
}

# How registries are reached. Constraints and folders of packages, which pip may be told of here, too, are
# files that the bare machine does not have.
registry_settings='PIP_(INDEX_URL|EXTRA_INDEX_URL|TRUSTED_HOST|CERT|DEFAULT_TIMEOUT|RETRIES)'
registry_settings+='|SSL_CERT_[^=]*|REQUESTS_CA_BUNDLE|[^=]*_proxy'

# inside ROOT COMMAND...: as root of the bare machine, with this one's way to the registries.
inside() {
  local root=$1 settings=()
  shift
  while IFS= read -r -d '' line; do
    settings+=("$line")
  done < <(env -0 | grep -zEi "^($registry_settings)=" || true)
  chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive "${settings[@]}" "$@"
}

# Again after each installation: Debian's ca-certificates writes its own list over this machine's.
bring_certificates() {
  for file in /etc/pip.conf /etc/ssl/certs/ca-certificates.crt ${PIP_CERT:-} ${SSL_CERT_FILE:-}; do
    [ ! -f "$file" ] || install -D -m 644 "$file" "$1$file"
  done
}

make_machine() {
  local suite=$1 root=$2
  debootstrap --variant=minbase "$suite" "$root" ${mirror:+"$mirror"} >"$folder/$suite.log" 2>&1 ||
    { tail -n 20 "$folder/$suite.log" >&2; complain "debootstrap $suite failed"; }
  mount -t proc proc "$root/proc"
  mount --bind /dev "$root/dev"
  cp /etc/resolv.conf /etc/hosts "$root/etc/"
  grep -l '^Acquire::' /etc/apt/apt.conf.d/* 2>/dev/null | xargs -r cp -t "$root/etc/apt/apt.conf.d/"
  bring_certificates "$root"
  mkdir -p "$root/root/sotto"
  git ls-files -z | tar -c --null --files-from - | tar -x -C "$root/root/sotto"
  inside "$root" apt-get update -q >>"$folder/$suite.log" 2>&1
  # make alone, so that it can say what else is missing.
  inside "$root" apt-get install -qy --no-install-recommends make >>"$folder/$suite.log" 2>&1
}

expect_complaint() {
  local said
  ! said=$(inside "$1" make -C /root/sotto demo 2>&1) || complain "make demo found nothing missing"
  for package in $packages; do
    grep -q "apt-get install.* $package" <<<"$said" ||
      complain "make demo does not say that $package is missing: $said"
  done
  echo "make demo says what is missing: $packages"
}

quick() {
  local root=$1
  mkdir -p "$root/root/given"
  cp -r "$bundle" "$root/root/given/bundle"
  cp "$recording" "$root/root/given/"
  inside "$root" sh -euc '
    cd /root/sotto
    python3 --version
    python3 -m venv .venv
    .venv/bin/pip install --quiet . pytest pytest-timeout packaging
    .venv/bin/sotto --version
    cd /root/given
    /root/sotto/.venv/bin/sotto transcribe --model bundle "$1" | tee /root/heard.txt
    test -s /root/heard.txt
    cd /root/sotto
    # Their conftest makes bundles, which needs PyTorch; these tests need none.
    .venv/bin/python -m pytest -q --noconftest test/install test/cli/test_imports.py -m "not slow"
  ' sh "$(basename "$recording")"
}

whole() {
  inside "$1" make -C /root/sotto demo
  inside "$1" make -C /root/sotto test
}

for suite; do
  root=$folder/$suite
  leave "$root"
  trap 'leave "$root"' EXIT
  echo "== a bare Debian ($suite), $what"
  make_machine "$suite" "$root"
  expect_complaint "$root"
  # shellcheck disable=SC2086 # a list of names
  inside "$root" apt-get install -qy --no-install-recommends $packages >>"$folder/$suite.log" 2>&1
  bring_certificates "$root"
  "$what" "$root"
  leave "$root"
  trap - EXIT
  echo "== $suite: $what passed"
done
