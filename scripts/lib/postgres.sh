# Sourced after env.sh: which PostgreSQL server is used, and how to reach it.
# DATABASE_URL (postgres://user:password@host:port) or PGHOST name another server;
# otherwise it is the private cluster of scripts/pg.
# shellcheck shell=bash

# PostgreSQL refuses to run as root; root lends it this user.
PG_OWNER=postgres
PG_ROLE=toll

# The cluster stands in TOLL_HOME unless its owner cannot get there (a checkout
# below /root, say). The choice is remembered, so that it never moves.
pg_base() {
    local memo=$TOLL_HOME/pg.where
    if [ ! -s "$memo" ]; then
        local base=$TOLL_HOME/pg
        if is_root; then
            if [ ! -d "$base" ]; then
                install -d -m 700 -o "$PG_OWNER" "$base"
            fi
            if ! as_pg_owner test -w "$base"; then
                rmdir "$base" 2>/dev/null || true
                base=/var/lib/toll-$(printf %s "$TOLL_HOME" | digest)
                install -d -m 700 -o "$PG_OWNER" "$base"
            fi
        else
            mkdir -p "$base"
            chmod 700 "$base"
        fi
        printf '%s\n' "$base" >"$memo"
    fi
    cat "$memo"
}

as_pg_owner() {
    if is_root; then
        # a folder the owner may enter: some programs complain about the current one
        (cd / && exec setpriv --reuid="$PG_OWNER" --regid="$PG_OWNER" --init-groups -- "$@")
    else
        "$@"
    fi
}

# A socket's path may have 107 bytes at most.
pg_socket_dir() {
    local dir
    dir=$(pg_base)/socket
    if [ "${#dir}" -gt 80 ]; then
        dir=/tmp/toll-pg-$(printf %s "$TOLL_HOME" | digest)
    fi
    printf '%s\n' "$dir"
}

# Where the server programs are, the newest first.
pg_bin() {
    local dir
    for dir in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -Vr) /usr/local/bin /usr/bin; do
        if [ -x "$dir/initdb" ] && [ -x "$dir/postgres" ]; then
            printf '%s\n' "$dir"
            return
        fi
    done
    return 1
}

# True when the server is ours to start and stop.
pg_is_private() {
    [ -z "${DATABASE_URL:-}" ] && { [ -z "${PGHOST:-}" ] || [ "${TOLL_PG_PRIVATE:-}" = 1 ]; }
}

# What is written as %40 in an address.
percent_decoded() {
    local text=${1//\\/\\\\}
    printf '%b' "${text//%/\\x}"
}

# Set PGHOST, PGPORT, PGUSER (and PGPASSWORD): libpq and Odoo both read them.
pg_export() {
    if [ -n "${DATABASE_URL:-}" ]; then
        local url=${DATABASE_URL#*://} login="" server
        server=${url%%[/?]*}
        if [ "$server" != "${server%@*}" ]; then
            login=${server%@*}
            server=${server##*@}
        fi
        PGHOST=${server%%:*}
        PGPORT=5432
        [ "$server" = "${server#*:}" ] || PGPORT=${server##*:}
        [ -z "$login" ] || PGUSER=$(percent_decoded "${login%%:*}")
        if [ "$login" != "${login#*:}" ]; then
            PGPASSWORD=$(percent_decoded "${login#*:}")
            export PGPASSWORD
        fi
        export PGHOST PGPORT PGUSER
    elif pg_is_private; then
        PGHOST=$(pg_socket_dir)
        PGPORT=5432
        PGUSER=$PG_ROLE
        TOLL_PG_PRIVATE=1
        export PGHOST PGPORT PGUSER TOLL_PG_PRIVATE
        unset PGPASSWORD
    fi
}

pg_ready() { PGDATABASE=postgres psql -XAtqc 'SELECT 1' >/dev/null 2>&1; }

# Is there a database of this name?
db_exists() {
    [ "$(psql -XAtq -d postgres -v name="$1" <<<"SELECT 1 FROM pg_database WHERE datname = :'name'")" = 1 ]
}
