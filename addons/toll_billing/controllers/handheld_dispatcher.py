"""How /toll/handheld/api speaks."""

from odoo.addons.toll_account.controllers.device_door import TollDeviceDispatcher


class TollHandheldDispatcher(TollDeviceDispatcher):
    routing_type = "toll_handheld"

    _unauthorized = "This is not the key of a device."
