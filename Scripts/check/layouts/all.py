"""Checkpoints as people have them: how the original libraries write them, and what PocketCLIP is to say."""

from .adapters import ADAPTERS
from .exports import EXPORTS
from .libraries import LIBRARIES
from .trainings import TRAININGS

LAYOUTS = TRAININGS + LIBRARIES + ADAPTERS + EXPORTS
