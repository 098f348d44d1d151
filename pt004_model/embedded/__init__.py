"""An embedded Federation Core: the default target of the tester, with faults to seed.

It is written from ``contract.md`` alone and shares with the rest of the project nothing but the
names on the wire.
"""

from pt004_model.embedded.faults import FAULTS
from pt004_model.embedded.serving import ServerError, ServerOptions, serve

__all__ = ["FAULTS", "ServerError", "ServerOptions", "serve"]
