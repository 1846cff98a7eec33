from odoo.addons.toll_account.core.messages import MessageError

# What the agent sent is malformed; everything else contradicts what we know.
MALFORMED = ("bad_json", "bad_value")


class BridgeError(MessageError):
    """A message that an agent must not have sent.

    >>> BridgeError("bad_value", "“job” is not a number.").status
    400
    >>> BridgeError("wrong_job", "This attempt is of another job.").status
    409
    """

    def __init__(self, code, message):
        super().__init__(code, message, 400 if code in MALFORMED else 409)
