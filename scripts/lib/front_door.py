"""One address for Odoo with workers: `front_door.py PORT HTTP WEBSOCKET COMMAND...`.

Odoo's HTTP workers and its websocket listen on two ports, and a browser knows only one.
This runs COMMAND, listens on PORT, and passes each connection on by its first line:
`/websocket` to WEBSOCKET, anything else to HTTP. A browser opens a connection of its
own for a websocket, and Odoo's workers answer one request per connection. It ends with
COMMAND, and COMMAND with it. Production has a reverse proxy instead.
"""

import asyncio
import contextlib
import signal
import sys

HOST = "127.0.0.1"
BLOCK = 1 << 16


async def pump(reader, writer):
    """Copy until one side closes."""
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(BLOCK):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()


async def answer(reader, writer, http, websocket):
    """Pass one connection on."""
    try:
        line = await reader.readline()
        path = line.split(b" ", 2)[1:2]
        port = websocket if path and path[0].startswith(b"/websocket") else http
        try:
            far_reader, far_writer = await asyncio.open_connection(HOST, port)
        except OSError:  # Odoo is still starting, or ending
            writer.write(
                b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
            )
            return
        try:
            far_writer.write(line)
            await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))
        finally:
            far_writer.close()
    except (ConnectionError, ValueError) as error:
        print(f"front door: {error}", file=sys.stderr)
    finally:
        writer.close()


async def main(port, http, websocket, *command):
    odoo = await asyncio.create_subprocess_exec(*command)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, odoo.send_signal, number)
    server = await asyncio.start_server(
        lambda reader, writer: answer(reader, writer, int(http), int(websocket)),
        HOST,
        int(port),
        limit=BLOCK,
    )
    async with server:
        return await odoo.wait()


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
