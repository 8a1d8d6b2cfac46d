"""How to run: where to listen, and whether demonstration data is wanted."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """What the command line and the environment ask of one run."""

    host: str
    port: int
    demo: bool
