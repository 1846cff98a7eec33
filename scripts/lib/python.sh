# Step of scripts/setup: one virtual environment with pinned packages.
# shellcheck shell=bash

setup_python() {
    if [ ! -x "$VENV/bin/python" ]; then
        "$(find_python)" -m venv "$VENV"
    fi
    "$VENV/bin/pip" install -q -q --disable-pip-version-check -r "$ROOT/requirements.txt"
    "$VENV/bin/pip" install -q -q --disable-pip-version-check -r "$ROOT/requirements-dev.txt"
}

# The wheels name Odoo itself as a dependency, which is not to come from an index,
# hence --no-deps: the list must be complete by itself.
setup_oca() {
    "$VENV/bin/pip" install -q -q --disable-pip-version-check --no-deps -r "$ROOT/requirements-oca.txt"
    PYTHONDONTWRITEBYTECODE='' "$VENV/bin/python" -m compileall -q "$VENV/lib" || true
}
