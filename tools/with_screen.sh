#!/usr/bin/env bash
# Run a command with a screen: the real one where there is one, else a virtual one (Xvfb).
# On Debian as root the missing system libraries are installed; elsewhere one line says what to do.
set -euo pipefail

LIBRARIES="xvfb libgl1 libegl1 libopengl0 libgl1-mesa-dri libdbus-1-3 libfontconfig1 libglib2.0-0
  libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0
  libxcb-render-util0 libxcb-shape0 libxcb-xinerama0 libxcb-xkb1 fonts-dejavu-core"

if [ "$(uname)" != Linux ] || [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
  exec "$@"
fi

missing=""
if command -v dpkg-query >/dev/null; then
  for package in $LIBRARIES; do
    dpkg-query --show --showformat '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=" $package"
  done
fi
if [ -n "$missing" ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
  else
    echo "napari needs system libraries to run without a screen: sudo apt-get install$missing" >&2
    exit 2
  fi
fi
if ! command -v Xvfb >/dev/null; then
  echo "napari needs a screen: install Xvfb, or run this where DISPLAY is set" >&2
  exit 2
fi

# The window's size is part of the screenshots, so it is fixed here.
exec xvfb-run --auto-servernum --server-args "-screen 0 1600x1000x24 +extension GLX" "$@"
