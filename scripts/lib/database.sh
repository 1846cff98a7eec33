# Sourced after env.sh and postgres.sh: template databases and copies of them.
#
#   toll_base_<key>         Odoo's and OCA's modules, Mexican chart, es_MX and es_ES
#   toll_suite_<key>[_demo] a copy of that with every addon of addons/ installed
#
# <key> is a digest of everything that went in, so a template is never stale; the
# older ones are dropped when a new one is made.
# shellcheck shell=bash

# raise it when the way templates are made changes
TEMPLATE_VERSION=2

filestore() { printf '%s/data/filestore/%s\n' "$TOLL_HOME" "$1"; }
sql() { psql -XAtq -v ON_ERROR_STOP=1 -d "$@"; }

base_modules() {
    {
        sed 's/#.*//' "$ROOT/scripts/base-modules.txt"
        "$VENV/bin/python" "$ROOT/scripts/lib/manifests.py" external
    } | tr -d ' ' | grep . | grep -vx base | sort -u
}

base_name() {
    local key
    key=$(
        {
            base_modules
            grep -hv '^ *#' "$ROOT/requirements.txt" "$ROOT/requirements-oca.txt"
            cat "$ROOT"/scripts/lib/company_*.py
            echo "version $TEMPLATE_VERSION"
            odoo_home
            stat -c %s "$(odoo_home)/odoo/release.py"
        } | digest
    )
    printf 'toll_base_%s\n' "${key:0:10}"
}

# Every file of every addon counts, by content and name.
addons_digest() {
    {
        cd "$ROOT" || exit
        find addons -type f ! -name '*.pyc' ! -path '*/node_modules/*' -print0 \
            | sort -z | xargs -0r sha256sum
    } | digest
}

# A database remembers which addons it was last made or upgraded with.
stored_digest() { # database
    sql "$1" -c "SELECT value FROM ir_config_parameter WHERE key = 'toll.addons_digest'"
}
store_digest() { # database
    sql "$1" -v digest="$(addons_digest)" <<'SQL'
INSERT INTO ir_config_parameter (key, value, create_date, write_date)
VALUES ('toll.addons_digest', :'digest', now(), now())
ON CONFLICT (key) DO UPDATE SET value = excluded.value
SQL
}

suite_name() { # [demo]
    local key
    key=$({ base_name; addons_digest; } | digest)
    printf 'toll_suite_%s%s\n' "${key:0:10}" "${1:+_$1}"
}

LOGGED_FAILURE=' (ERROR|CRITICAL) |demo data failed to install|invalid module names, ignored'

# Run Odoo quietly; what went wrong is shown, and a logged error is a failure.
quiet_odoo() { # log file to add to, arguments
    local log=$1 part=$1.part code=0
    shift
    # without the lock: what Odoo starts may outlive it
    "$ROOT/scripts/odoo" "$@" >"$part" 2>&1 7>&- || code=$?
    cat "$part" >>"$log"
    if [ $code != 0 ] || grep -qE "$LOGGED_FAILURE" "$part"; then
        grep -E -A25 "^Traceback|$LOGGED_FAILURE" "$part" | tail -80 >&2 \
            || tail -20 "$part" >&2
        warn "the whole log: $log"
        return 1
    fi
    rm -f "$part"
}

drop_database() {
    sql postgres -c "ALTER DATABASE \"$1\" WITH IS_TEMPLATE false ALLOW_CONNECTIONS true" 2>/dev/null || true
    sql postgres -c "DROP DATABASE IF EXISTS \"$1\" WITH (FORCE)" 2>/dev/null
    rm -rf "$(filestore "$1")"
}

# The same database once more, under another name.
clone_database() { # from, to
    sql postgres -c "CREATE DATABASE \"$2\" TEMPLATE \"$1\""
    rm -rf "$(filestore "$2")"
    if [ -d "$(filestore "$1")" ]; then cp -a "$(filestore "$1")" "$(filestore "$2")"; fi
}

rename_database() { # from, to
    sql postgres -c "ALTER DATABASE \"$1\" RENAME TO \"$2\""
    rm -rf "$(filestore "$2")"
    if [ -d "$(filestore "$1")" ]; then mv "$(filestore "$1")" "$(filestore "$2")"; fi
}

copy_database() { # from, to
    clone_database "$1" "$2"
    # a copy is a database of its own
    sql "$2" -c "UPDATE ir_config_parameter SET value = gen_random_uuid()
                  WHERE key IN ('database.uuid', 'database.secret')"
}

# A finished template takes no connections, so that it can always be copied.
finish_template() { # built as, final name
    rename_database "$1" "$2"
    sql postgres -c "ALTER DATABASE \"$2\" WITH IS_TEMPLATE true ALLOW_CONNECTIONS false"
}

# Drop the templates of one kind that are older than the newest three.
prune_templates() { # prefix
    local name
    for name in $(sql postgres -c "SELECT datname FROM pg_database
            WHERE datname LIKE '$1\\_%' AND datistemplate ORDER BY oid DESC OFFSET 3"); do
        # one that is being copied just now goes the next time
        drop_database "$name" || true
    done
}

# As Odoo makes its databases: search by parts of words has an index, and forgives
# accents where we may.
create_empty() { # name
    sql postgres -c "CREATE DATABASE \"$1\" TEMPLATE template0 ENCODING 'unicode' LC_COLLATE 'C'"
    sql "$1" -c 'CREATE EXTENSION pg_trgm'
    if pg_is_private; then
        PGUSER=$PG_OWNER sql "$1" -c 'CREATE EXTENSION unaccent; ALTER FUNCTION unaccent(text) IMMUTABLE'
    fi
}

build_base() { # final name
    local name=$1 build=$1_build log=$LOG_DIR/db-$1.log started=$SECONDS
    : >"$log"
    warn "making the base template (once; a minute or two) ..."
    drop_database "$build"
    create_empty "$build"
    quiet_odoo "$log" -d "$build" -i base --load-language=en_US,es_MX,es_ES --stop-after-init --no-http
    quiet_odoo "$log" shell -d "$build" --no-http <"$ROOT/scripts/lib/company_first.py"
    quiet_odoo "$log" -d "$build" -i "$(base_modules | paste -sd,)" --stop-after-init --no-http
    quiet_odoo "$log" shell -d "$build" --no-http <"$ROOT/scripts/lib/company_check.py"
    finish_template "$build" "$name"
    prune_templates toll_base
    warn "base template $name made in $((SECONDS - started)) s"
}

build_suite() { # final name, demo or nothing
    local name=$1 demo=$2 build=$1_build log=$LOG_DIR/db-$1.log started=$SECONDS addons
    addons=$("$VENV/bin/python" "$ROOT/scripts/lib/manifests.py" ours | paste -sd,)
    : >"$log"
    warn "making the template with ${addons:-no addon at all} ..."
    drop_database "$build"
    copy_database "$(template_base)" "$build"
    if [ -n "$addons" ]; then
        if [ -n "$demo" ]; then
            # our addons' demo data only: Odoo loads it where the modules below say they have theirs
            sql "$build" -c "UPDATE ir_module_module SET demo = true WHERE state = 'installed'"
        fi
        quiet_odoo "$log" -d "$build" -i "$addons" ${demo:+--with-demo} --stop-after-init --no-http
    fi
    store_digest "$build"
    finish_template "$build" "$name"
    prune_templates toll_suite
    warn "template $name made in $((SECONDS - started)) s"
}

# One maker at a time; whoever waited finds it made.
make_once() { # name, command
    local name=$1
    shift
    if ! db_exists "$name"; then
        exec 7>"$TOLL_HOME/template.lock"
        flock 7
        if ! db_exists "$name"; then "$@"; fi
        flock -u 7
    fi
}

template_base() {
    local name
    name=$(base_name)
    make_once "$name" build_base "$name" >&2
    printf '%s\n' "$name"
}

template_suite() { # demo or nothing
    local name
    template_base >/dev/null
    name=$(suite_name "${1:-}")
    make_once "$name" build_suite "$name" "${1:-}" >&2
    printf '%s\n' "$name"
}
