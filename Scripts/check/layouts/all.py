"""Checkpoints in the layouts that people have: written by the original libraries, with PocketCLIP's expected result."""

from .adapters import ADAPTERS
from .exports import EXPORTS
from .libraries import LIBRARIES
from .trainings import TRAININGS

LAYOUTS = TRAININGS + LIBRARIES + ADAPTERS + EXPORTS
