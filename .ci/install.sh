#!/usr/bin/env bash
# install.sh LOCK STAMP: makes .venv if need be and installs LOCK (by hash) and the project into it.
# STAMP keeps the digest of what was installed, so that the same lock is not installed twice.
set -euo pipefail
cd "$(dirname "$0")/.."
lock=$1 stamp=$2 python=${PYTHON:-python3}

say() { if [ -t 1 ]; then printf '\033[1m%s\033[0m\n' "$*"; else printf '%s\n' "$*"; fi; }
fail() { printf '%s\n' "$@" >&2; exit 2; }

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || fail \
  "planwatch needs Python 3.11 or newer; \`$python\` is $("$python" --version 2>&1 || true)." \
  "Install one, or name it: make PYTHON=/path/to/python3.11 …"

if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
  say "Making the virtual environment .venv"
  "$python" -m venv --clear .venv || fail "\`$python -m venv\` failed. On Debian or Ubuntu: apt-get install python3-venv"
fi

digest=$(cat "$lock" pyproject.toml | .venv/bin/python -c 'import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())')
# the command bears the path of this folder, so a copied or moved .venv does not count as installed
entry=$(head -n 1 .venv/bin/planwatch 2>/dev/null || true)
if [ "$(cat "$stamp" 2>/dev/null || true)" != "$digest" ] || [ "$entry" != "#!$PWD/.venv/bin/python" ]; then
  pip=(.venv/bin/python -m pip --disable-pip-version-check --no-input install --quiet --quiet --progress-bar off)
  say "Installing $(grep -c '^[a-zA-Z0-9].*==' "$lock") pinned packages from $lock"
  "${pip[@]}" --require-hashes --requirement "$lock" || fail "" \
    "The packages could not be installed; the lines above say why. Check the network or the package index of pip, then try again."
  # the build tool is in the lock, so nothing is looked up any more
  "${pip[@]}" --no-deps --no-build-isolation --no-index --editable .
fi
printf '%s\n' "$digest" >"$stamp"
