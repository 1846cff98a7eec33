"""What can go wrong, in the words that every protocol and Odoo share."""

# code -> (exit status of the command, what a person reads)
CODES = {
    "no_tag": (10, "no TAG on the reader"),
    "many_tags": (11, "more than one TAG on the reader: leave one"),
    "wrong_tag": (12, "this is not the TAG that was expected"),
    "locked": (13, "the TAG's memory is locked"),
    "access_denied": (14, "the TAG refuses the access password"),
    "write_failed": (15, "the TAG did not take what was written"),
    "readback_differs": (16, "the TAG holds something else than was written"),
    "no_user_memory": (18, "the TAG or the reader has no user memory to write"),
    "weak_signal": (17, "the TAG answers too weakly: put it closer"),
    "cable": (20, "the reader's connection is lost"),
    "timeout": (21, "the reader does not answer"),
    "protocol": (22, "the reader does not speak this protocol properly"),
    "cancelled": (30, "cancelled"),
    "interrupted": (31, "the program was stopped in the middle"),
}
EXIT_USAGE = 2
EXIT_SERVER = 40


class AgentError(Exception):
    """A code of `CODES`, and more about this case.

    >>> str(AgentError("no_tag"))
    'no TAG on the reader'
    >>> str(AgentError("protocol", "answer of 3 bytes"))
    'the reader does not speak this protocol properly: answer of 3 bytes'
    """

    def __init__(self, code, detail=""):
        self.code = code
        self.detail = detail
        super().__init__(f"{CODES[code][1]}: {detail}" if detail else CODES[code][1])

    @property
    def exit_status(self):
        return CODES[self.code][0]


class BeyondMemory(AgentError):
    """The chip has fewer words there than were asked for."""

    def __init__(self):
        super().__init__("protocol", "the chip has less memory")
