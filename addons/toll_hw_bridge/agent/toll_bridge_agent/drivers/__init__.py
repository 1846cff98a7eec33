from .base import Bank, Command, Decoder, Driver, Frame, Seen, Target
from .m100 import M100, R200
from .mercury import Mercury
from .uhfreader18 import Uhfreader18

DRIVERS = {driver.name: driver for driver in (M100, R200, Mercury, Uhfreader18)}
