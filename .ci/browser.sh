#!/usr/bin/env bash
# Makes sure that the browser tests find a Chrome or Chromium of the system. Playwright's own download is not used.
set -euo pipefail

found() {
  local name
  for name in "${PLANWATCH_CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable chrome \
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" /Applications/Chromium.app/Contents/MacOS/Chromium; do
    if [ -n "$name" ] && command -v "$name" >/dev/null 2>&1; then return 0; fi
  done
  return 1
}

found && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "Installing the Debian package chromium for the browser tests"
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; } </dev/null >/dev/null || true
  found && exit 0
fi
echo "Missing: a Chrome or Chromium for the browser tests." >&2
echo "Debian: sudo apt-get install chromium. Elsewhere install Chrome, or set PLANWATCH_CHROMIUM=/path/to/it." >&2
echo "The other tests run without it: make test TESTS='-m \"not browser\"' PLANWATCH_NO_BROWSER=1" >&2
[ -n "${PLANWATCH_NO_BROWSER:-}" ] || exit 2
