# Sourced after env.sh, postgres.sh and database.sh: a server in the background.
# shellcheck shell=bash

# Print a free port P such that P+2 and P+3 are free as well (see start_server).
free_port() {
    "$VENV/bin/python" - <<'PY'
import random
import socket


def free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


# below the range from which the system takes ports for connections
port = next(p for p in random.sample(range(18000, 28000), 2000) if all(map(free, (p, p + 2, p + 3))))
print(port)
PY
}

port_is_free() {
    "$VENV/bin/python" -c 'import socket, sys
with socket.socket() as s:
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("127.0.0.1", int(sys.argv[1])))' "$1" 2>/dev/null
}

pid_file() { printf '%s/server-%s.pid\n' "$RUN_DIR" "$1"; }

# Is the server of this database running? (Its process id may have gone to another.)
server_running() { # database
    local file
    file=$(pid_file "$1")
    [ -s "$file" ] && grep -qa scripts/lib/front_door.py "/proc/$(cat "$file")/cmdline" 2>/dev/null
}

# The server prints its reports through its own address.
set_address() { # database, url
    sql "$1" -v url="$2" >/dev/null <<'SQL'
INSERT INTO ir_config_parameter (key, value, create_date, write_date)
VALUES ('web.base.url', :'url', now(), now()), ('report.url', :'url', now(), now()),
       ('web.base.url.freeze', 'True', now(), now())
ON CONFLICT (key) DO UPDATE SET value = excluded.value
SQL
}

# Start HTTP workers, cron, websocket and job runner, and wait until they answer. The
# port is the front door's; behind it listen HTTP (+2) and the websocket (+3).
start_server() { # database, port, log
    local db=$1 port=$2 log=$3 url=http://127.0.0.1:$2 pid
    set_address "$db" "$url"
    setsid nohup "$VENV/bin/python" "$ROOT/scripts/lib/front_door.py" \
        "$port" $((port + 2)) $((port + 3)) "$ROOT/scripts/odoo" -d "$db" --db-filter="^$db\$" \
        --http-interface 127.0.0.1 --http-port $((port + 2)) --gevent-port $((port + 3)) \
        --workers="${TOLL_WORKERS:-2}" --max-cron-threads=1 --load=base,rpc,web,queue_job \
        >"$log" 2>&1 </dev/null 7>&- 9>&- &
    pid=$!
    printf '%s\n' "$pid" >"$(pid_file "$db")"
    local waited=0
    until curl_ok "$url/web/health" && curl_ok "$url/websocket/health"; do
        if ! kill -0 "$pid" 2>/dev/null || [ $waited -gt 600 ]; then
            tail -30 "$log" >&2
            stop_server "$db"
            die "the server did not start; its log: $log"
        fi
        sleep 0.2
        waited=$((waited + 1))
    done
}

curl_ok() {
    "$VENV/bin/python" -c 'import sys, urllib.request
urllib.request.build_opener(urllib.request.ProxyHandler({})).open(sys.argv[1], timeout=5)' "$1" 2>/dev/null
}

stop_server() { # database
    local file pid
    file=$(pid_file "$1")
    if server_running "$1"; then
        pid=$(cat "$file")
        kill "$pid"
        for _ in $(seq 100); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
        # it and its workers are one process group
        kill -9 -- "-$pid" 2>/dev/null || true
    fi
    rm -f "$file"
}
