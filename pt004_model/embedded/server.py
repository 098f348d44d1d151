"""``pt004 serve``, and ``python -m pt004_model.embedded.server``, which is there sooner."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from pt004_model.embedded import serving
from pt004_model.embedded.named import FaultName


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=9405, show_default=True, help="0 for any."
)
@click.option(
    "--db",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Keep the runs in this SQLite file instead of in memory.",
)
@click.option("--auth", is_flag=True, help="Demand tokens signed with SECRET_KEY.")
@click.option("--automatic", is_flag=True, help="Pause and fail by itself on a decision.")
@click.option(
    "--fault", metavar="NAME", type=FaultName(), help="Seed a fault; `pt004 faults` lists them."
)
@click.option("--stop-on-stdin-eof", is_flag=True, hidden=True)
def serve(auth: bool, **options: Any) -> None:
    """Run the embedded Federation Core until it is interrupted.

    Both route dialects are served. Its OpenAPI description is at /openapi.json.

    Example: pt004 serve --port 9405 --db runs.sqlite
    """
    secret = os.environ.get("SECRET_KEY") if auth else None
    if auth and not secret:
        raise click.UsageError("--auth needs the shared secret in the environment: SECRET_KEY")
    try:
        serving.serve(serving.ServerOptions(secret=secret, **options))
    except serving.ServerError as error:
        raise click.UsageError(str(error)) from None


if __name__ == "__main__":
    serve()
