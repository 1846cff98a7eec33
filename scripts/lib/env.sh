# Sourced by every script of this folder: where things are, and a few words to say.
# shellcheck shell=bash

# `set -e` holds in $(...) too
shopt -s inherit_errexit

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
TOLL_HOME=${TOLL_HOME:-$ROOT/.toll}
case $TOLL_HOME in /*) ;; *) TOLL_HOME=$PWD/$TOLL_HOME ;; esac
TOLL_DB=${TOLL_DB:-toll}
TOLL_PORT=${TOLL_PORT:-8069}
TOLL_CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/toll
VENV=$TOLL_HOME/venv
RUN_DIR=$TOLL_HOME/run
LOG_DIR=$TOLL_HOME/log
export ROOT TOLL_HOME TOLL_DB TOLL_PORT TOLL_CACHE VENV RUN_DIR LOG_DIR
mkdir -p "$TOLL_HOME" "$RUN_DIR" "$LOG_DIR"

say() { printf '%s\n' "$*"; }
warn() { printf '%s\n' "$*" >&2; }
die() {
    warn "error: $*"
    exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }
is_root() { [ "$(id -u)" = 0 ]; }
# A short stable name for whatever comes on standard input.
digest() { sha256sum | cut -c1-16; }

# Where Odoo lies: ODOO_HOME is the folder that holds the package `odoo`.
# Without it, the private copy that scripts/setup unpacks.
odoo_home() {
    if [ -n "${ODOO_HOME:-}" ]; then
        printf '%s\n' "$ODOO_HOME"
    else
        printf '%s\n' "$TOLL_HOME/odoo/usr/lib/python3/dist-packages"
    fi
}

# Folders in which Odoo looks for addons, ours first.
addons_path() {
    local path=
    if compgen -G "$ROOT/addons/*/__manifest__.py" >/dev/null; then
        path=$ROOT/addons
    fi
    local oca
    oca=$(echo "$VENV"/lib/python3*/site-packages/odoo/addons)
    if compgen -G "$oca/*/__manifest__.py" >/dev/null; then
        path=${path:+$path,}$oca
    fi
    # a source checkout keeps most addons beside the package
    if [ -d "$(odoo_home)/addons/web" ]; then
        path=${path:+$path,}$(odoo_home)/addons
    fi
    printf '%s\n' "${path:+$path,}$(odoo_home)/odoo/addons"
}
