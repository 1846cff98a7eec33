"""A toll world to test against: who really crossed, and what the lanes made of it."""

from .noise import Noise
from .simulate import HEADER, LOADED, REFUSED, REPEATED, TRUTH, run, simulate
from .tariffs import Tariffs
from .world import Operator, Plaza, Vehicle, World
