#!/bin/sh
# Creates the virtual environment and installs the project into it, editable.
# usage: scripts/install.sh VENV [EXTRAS]     e.g. scripts/install.sh .venv test
set -eu

venv=$1
extras=${2:-}
if [ -n "$extras" ]; then target=".[$extras]"; else target="."; fi

has_uv() { uv --version >/dev/null 2>&1; }
new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
    for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11 python; do
        if new_enough "$candidate"; then echo "$candidate"; return; fi
    done
    echo "Python 3.11 or newer is needed and was not found. Set PYTHON=/path/to/python3." >&2
    return 1
}

# An environment whose Python has gone (an upgrade, a moved folder) is made again.
if ! new_enough "$venv/bin/python"; then
    rm -rf "$venv"
    python=$(find_python)
    if has_uv; then
        uv venv --quiet --python "$python" "$venv"
    elif ! "$python" -m venv "$venv"; then
        rm -rf "$venv"
        echo "The module venv is missing. On Debian and Ubuntu: apt install python3-venv" >&2
        exit 1
    fi
fi

echo "Installing $target into $venv ..."
if has_uv; then
    uv pip install --quiet --python "$venv/bin/python" -e "$target"
else
    # An environment made by uv has no pip of its own.
    "$venv/bin/python" -m pip --version >/dev/null 2>&1 || "$venv/bin/python" -m ensurepip >/dev/null
    # Compiling every module at once takes as long as all else; each is compiled when it is first imported.
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile -e "$target"
fi
