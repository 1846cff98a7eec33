"""Age bands of a debt."""

BANDS = 4


def is_ascending(limits):
    """Do these last days of the bands begin above zero and grow?

    >>> is_ascending((30, 60, 90)), is_ascending((30, 30, 90)), is_ascending((0, 1, 2))
    (True, False, False)
    """
    return all(low < high for low, high in zip((0, *limits), limits, strict=False))


def spans(limits):
    """(first day, last day) of each band; the last one is open.

    >>> spans((30, 60, 90))
    [(0, 30), (31, 60), (61, 90), (91, None)]
    """
    starts = [0, *(limit + 1 for limit in limits)]
    return list(zip(starts, [*limits, None], strict=True))
