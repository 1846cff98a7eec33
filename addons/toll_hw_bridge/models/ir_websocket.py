import re

from odoo import models

_CHANNEL = re.compile(r"toll_encoding_batch_([0-9]{1,9})")


class IrWebsocket(models.AbstractModel):
    _inherit = "ir.websocket"

    def _build_bus_channel_list(self, channels):
        """Who may read a batch may follow it."""
        found = [_CHANNEL.fullmatch(channel) for channel in channels if channel]
        batches = self.env["toll.encoding.batch"].browse(
            int(match[1]) for match in found if match
        )
        if batches and self.env.uid and batches.has_access("read"):
            channels = [*channels, *batches.exists()]
        return super()._build_bus_channel_list(channels)
