"""Starts the agent again and again without paying for Python's start each time.

Reads `start` lines, forks, and writes the process id; writes `ended ID STATUS` after.
"""

import os
import sys
import threading


def main():
    sys.path.insert(0, sys.argv[1])
    # loaded before the fork
    from toll_bridge_agent import service
    from toll_bridge_agent.cli import main as agent

    assert service

    for _line in sys.stdin:
        child = os.fork()
        if not child:
            code = 70
            try:
                code = agent(sys.argv[2:])
            finally:
                os._exit(code or 0)
        say(child)
        threading.Thread(target=reap, args=(child,), daemon=True).start()


def reap(child):
    _child, status = os.waitpid(child, 0)
    say(f"ended {child} {os.waitstatus_to_exitcode(status)}")


def say(text):
    os.write(1, f"{text}\n".encode())


if __name__ == "__main__":
    main()
