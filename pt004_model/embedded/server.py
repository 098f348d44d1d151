"""The command line of the embedded Federation Core: ``python -m pt004_model.embedded.server``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from pt004_model.embedded.serving import DEFAULT_PORT, ServerError, ServerOptions, serve

__all__ = ["ServerError", "ServerOptions", "main", "serve"]

USAGE_ERROR = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the command line and serve; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m pt004_model.embedded.server",
        description="Run the embedded Federation Core.",
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="0 takes any free port")
    parser.add_argument("--db", type=Path, help="a SQLite file; without it all is in memory")
    parser.add_argument("--auth", action="store_true", help="demand tokens signed with SECRET_KEY")
    parser.add_argument("--automatic", action="store_true", help="act on decisions at once")
    parser.add_argument("--fault", metavar="NAME", help="seed one fault")
    parser.add_argument(
        "--stop-on-stdin-eof", action="store_true", help="end when standard input ends"
    )
    arguments = parser.parse_args(argv)
    try:
        secret = secret_from_environment() if arguments.auth else None
        serve(
            ServerOptions(
                host=arguments.host,
                port=arguments.port,
                db=arguments.db,
                secret=secret,
                automatic=arguments.automatic,
                fault=arguments.fault,
                stop_on_stdin_eof=arguments.stop_on_stdin_eof,
            )
        )
    except ServerError as error:
        sys.stderr.write(f"{error}\n")
        return USAGE_ERROR
    return 0


def secret_from_environment() -> str:
    """Read the shared secret (section 12)."""
    secret = os.environ.get("SECRET_KEY")
    if not secret:
        raise ServerError("--auth needs the shared secret in the environment variable SECRET_KEY.")
    return secret


if __name__ == "__main__":
    sys.exit(main())
