"""A cache that cannot grow without bound."""


class Memo(dict):
    """Remember the results of a function of one argument.

    ``map(memo.__getitem__, values)`` runs at the speed of a dictionary for values seen
    before. When the cache is full it is emptied: a file has far fewer different values
    than rows, or is so varied that no cache helps.

    >>> double = Memo(lambda text: text * 2, limit=2)
    >>> [double[key] for key in "abca"], len(double)
    (['aa', 'bb', 'cc', 'aa'], 2)
    """

    __slots__ = ("function", "_limit")

    def __init__(self, function, limit=65_536):
        super().__init__()
        self.function = function
        self._limit = limit

    def __missing__(self, key):
        if len(self) >= self._limit:
            self.clear()
        value = self[key] = self.function(key)
        return value
