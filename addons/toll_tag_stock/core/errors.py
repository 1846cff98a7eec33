class TagDataError(ValueError):
    """A number, code or line that cannot be accepted: a code and what goes with it.

    >>> str(TagDataError("bad_epc", value="XYZ"))
    'bad_epc: value=XYZ'
    """

    def __init__(self, code, **params):
        self.code = code
        self.params = params
        details = ", ".join(f"{key}={value}" for key, value in params.items())
        super().__init__(f"{code}: {details}" if details else code)
