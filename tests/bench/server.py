"""A server of its own for a benchmark that asks over HTTP."""

import http.client
import os
import socket
import subprocess
import time


def free_port():
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start_server(port, workers, log=os.devnull):
    """Serve BENCH_DATABASE, without crons; return the process once it answers."""
    with open(log, "a") as output:
        return _start(port, workers, output)


def _start(port, workers, output):
    server = subprocess.Popen(
        [
            f"{os.environ['BENCH_ROOT']}/scripts/odoo",
            *("-d", os.environ["BENCH_DATABASE"], "--workers", str(workers)),
            *("--http-port", str(port), "--gevent-port", str(free_port())),
            *("--max-cron-threads", "0", "--log-level", "warn"),
            *("--load", "base,rpc,web"),
        ],
        stdout=output,
        stderr=output,
    )
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/web/health")
            if connection.getresponse().status == 200:
                return server
        except OSError:
            time.sleep(0.2)
    server.terminate()
    raise SystemExit("the server did not start")
