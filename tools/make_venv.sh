#!/usr/bin/env bash
# Make a virtual environment, or say in one line what is missing for it.
set -euo pipefail
python=$1
folder=$2

if ! command -v "$python" >/dev/null; then
  echo "Python 3.11 or newer is needed, and there is no '$python'; install it, or: make PYTHON=python3.12" >&2
  exit 2
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  echo "Python 3.11 or newer is needed; '$python' is $("$python" -V 2>&1). Try: make PYTHON=python3.12" >&2
  exit 2
fi
# Debian keeps the part of Python that makes environments in a package of its own.
if ! "$python" -c 'import ensurepip' 2>/dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null
  else
    echo "'$python' cannot make virtual environments; on Debian: sudo apt-get install python3-venv" >&2
    exit 2
  fi
fi
"$python" -m venv "$folder"
