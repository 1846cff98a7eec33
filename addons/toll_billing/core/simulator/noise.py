"""How often the simulated world goes wrong."""

from dataclasses import dataclass, fields
from itertools import accumulate


@dataclass(frozen=True, slots=True)
class Noise:
    """Probabilities per crossing (each crossing has at most one mishap).

    >>> Noise(bounce=0.5, late=0.25).mishaps()[:2]
    [('plate_only', 0.02), ('plate_misread', 0.002)]
    """

    plate_only: float = 0.02  # TAG not read, plate read: posted by plate
    plate_misread: float = 0.002  # TAG not read, plate read wrongly
    tag_misread_plate: float = 0.002  # TAG read wrongly, plate read: posted by plate
    tag_misread: float = 0.001  # TAG read wrongly, no plate
    no_identity: float = 0.0003  # neither TAG nor plate read
    stranger_tag: float = 0.004  # TAG of nobody, plate of nobody
    stranger_plate: float = 0.003  # no TAG, plate of nobody
    spare_tag: float = 0.0002  # TAG of the stock, never assigned
    stolen_tag: float = 0.0003  # TAG reported stolen before
    wrong_class: float = 0.003  # lane saw another class than the registered one
    unknown_plaza: float = 0.0001
    unknown_lane: float = 0.0001
    unknown_class: float = 0.0001
    other_operator: float = 0.0001  # row of another operator in the file
    future: float = 0.0001
    too_old: float = 0.0001
    damaged: float = 0.0006  # line cut, garbled, or with impossible values
    bounce: float = 0.0008  # read twice in the same lane within seconds
    double_read: float = 0.0004  # read by the antenna of the next lane too
    repeat_in_file: float = 0.001  # same reference again in the same file
    repeat_later: float = 0.0005  # same reference again in a later file
    late: float = 0.004  # delivered in a later file
    no_offset: float = 0.01  # time without its offset

    @classmethod
    def none(cls):
        """Return a world in which nothing goes wrong."""
        return cls(**{field.name: 0.0 for field in fields(cls)})

    def mishaps(self):
        """Return [(name, probability)] of the mishaps that can happen."""
        pairs = [(field.name, getattr(self, field.name)) for field in fields(self)]
        return [(name, value) for name, value in pairs if value > 0]

    def thresholds(self):
        """Return (names, cumulated probabilities)."""
        pairs = self.mishaps()
        sums = list(accumulate(value for _name, value in pairs))
        if sums and sums[-1] > 1:
            raise ValueError("The probabilities of the mishaps add up to more than 1.")
        return [name for name, _value in pairs], sums
