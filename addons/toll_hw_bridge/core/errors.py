class BridgeError(ValueError):
    """A message that an agent must not have sent: a code and a sentence.

    >>> str(BridgeError("bad_value", "“job” is not a number."))
    'bad_value: “job” is not a number.'
    """

    def __init__(self, code, message):
        self.code = code
        self.message = message
        super().__init__(f"{code}: {message}")
