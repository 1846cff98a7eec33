"""Start Odoo from a script file.

With `python -m odoo` the websocket process of a server with workers, which
starts this file again by its path, would not find its own package.
"""

from odoo.cli.command import main

if __name__ == "__main__":
    main()
