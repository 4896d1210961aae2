#!/usr/bin/env bash
# Writes requirements.lock and requirements-dev.lock from pyproject.toml; options go to uv, for instance --upgrade.
# Pins that stand are kept unless asked otherwise. One file serves Linux, macOS and every Python from 3.11 on.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=.venv/bin/uv
[ -x "$uv" ] || uv=$(command -v uv || true)
if [ -z "$uv" ]; then
  [ -x .venv/bin/python ] || "${PYTHON:-python3}" -m venv .venv
  .venv/bin/python -m pip --disable-pip-version-check install --quiet uv
  uv=.venv/bin/uv
fi
compile() {  # FILE, then options; no address of an index is written into it
  local file=$1; shift
  "$uv" pip compile pyproject.toml --group build "$@" --universal --python-version 3.11 --generate-hashes --quiet \
    --no-emit-index-url --no-emit-find-links --no-annotate --no-header --output-file "$file"
  echo "$file: $(grep -c '^[a-zA-Z0-9].*==' "$file") packages"
}
compile requirements.lock "$@"
compile requirements-dev.lock --group dev --constraint requirements.lock "$@"
