#!/usr/bin/env bash
# Creates .venv and installs this project into .venv, editable, with the extras
# that $1 names. `make install` runs this script, and so does every target of
# the Makefile that needs .venv.
#
# If uv is installed, uv does both steps; otherwise python -m venv and pip do.
# PYTHON=/path/to/python chooses the interpreter of a new .venv. An attempt that
# was interrupted leaves .venv/.installing behind, and the next attempt then
# starts afresh. The script writes .venv/.installed, which holds the extras, as
# its last step.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly EXTRAS="${1:-dev}"
readonly VENV=.venv
readonly SUPPORTED='>=3.10,<3.14'
readonly PROBE='import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 14))'

fail() {
  printf 'error: %s\n' "$@" >&2
  exit 1
}

# Makes two runs at the same time (say `make lint` and `make test`) take turns.
take_turn() {
  if command -v flock >/dev/null; then
    exec 9<setup.py
    flock 9
  fi
}

# Prints the first interpreter of a supported version that can create
# environments. Debian's python3 cannot, because Debian ships it without
# ensurepip.
find_python() {
  local candidate crippled='' version
  local candidates=(python3 python3.13 python3.12 python3.11 python3.10)
  if [[ -n ${PYTHON:-} ]]; then
    candidates=("$PYTHON")
  fi
  for candidate in "${candidates[@]}"; do
    "$candidate" -c "$PROBE" >/dev/null 2>&1 || continue
    if "$candidate" -c 'import ensurepip, venv' >/dev/null 2>&1; then
      echo "$candidate"
      return
    fi
    crippled="${crippled:-$candidate}"
  done
  if [[ -n $crippled ]]; then
    version="$("$crippled" -c \
      'import sys; print("%d.%d" % sys.version_info[:2])')"
    fail "$crippled (Python $version) cannot create environments: it has no \
ensurepip. On Debian and Ubuntu: apt-get install python$version-venv. \
Or install uv, and run make again."
  fi
  fail "no suitable Python: expected $SUPPORTED, tried ${candidates[*]}. \
Install one, or uv, or name one: make PYTHON=/path/to/python."
}

usable() {
  "$VENV/bin/python" -c "$PROBE" >/dev/null 2>&1
}

with_uv() {
  if ! usable; then
    rm -rf "$VENV"
    uv venv --python "${PYTHON:-$SUPPORTED}" "$VENV"
  fi
  echo "$EXTRAS" > "$VENV/.installing"
  uv pip install --python "$VENV/bin/python" --editable ".[$EXTRAS]"
}

with_pip() {
  local python
  if ! usable || ! "$VENV/bin/python" -m pip --version >/dev/null 2>&1; then
    python="$(find_python)"
    rm -rf "$VENV"
    mkdir "$VENV"
    echo "$EXTRAS" > "$VENV/.installing"
    "$python" -m venv "$VENV"
  fi
  echo "$EXTRAS" > "$VENV/.installing"
  "$VENV/bin/python" -m pip install --disable-pip-version-check --quiet \
    --editable ".[$EXTRAS]"
}

take_turn
if [[ -e $VENV/.installing ]]; then
  rm -rf "$VENV"
fi
rm -f "$VENV/.installed"
echo "Installing tf_mco[$EXTRAS] into $VENV (about 2 GB; once)." >&2
if command -v uv >/dev/null; then
  with_uv
else
  with_pip
fi
rm -f "$VENV/.installing"
echo "$EXTRAS" > "$VENV/.installed"
