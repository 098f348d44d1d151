"""``pt004 verify``: is a proof folder whole, and does it say what its answers say?"""

from __future__ import annotations

from pathlib import Path

import click

from pt004_model.cli.settings import like
from pt004_model.proof.verdict import State
from pt004_model.proof.verify import verify as check_folder


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--manifest-sha256", metavar="HASH",
    callback=like(r"[0-9a-fA-F]{64}", "is no SHA-256; give the 64 hex digits prove printed"),
    help="The manifest must have this SHA-256, which prove printed.",
)  # fmt: skip
@click.option(
    "--require-pass", is_flag=True, help="Also fail when the report's verdict is not PASS."
)
@click.pass_context
def verify(
    context: click.Context, folder: Path, manifest_sha256: str | None, require_pass: bool
) -> None:
    """Check a folder that prove --out wrote, offline.

    Compares every file with the manifest, judges every recorded answer again, and makes the report
    again to compare it. Whoever can rewrite the files can rewrite the manifest as well, so
    keep its SHA-256 elsewhere and give it here. Exit codes: 0 the folder is whole and true to its
    answers, whatever its verdict; 1 something is wrong; 2 there is no proof.

    Example: pt004 verify REPORT/PROOFS
    """
    found = check_folder(folder, manifest_sha256 and manifest_sha256.lower())
    for problem in found.problems:
        click.echo(f"✗ {problem}")
    if found.problems:
        many = "1 thing is" if len(found.problems) == 1 else f"{len(found.problems)} things are"
        click.echo(f"{many} wrong: this proof is not as it was made")
        context.exit(1)
    click.echo(f"✓ {found.files} files are as the manifest says, and none is there besides")
    click.echo("✓ every answer judged again; report and transcripts say what came of it")
    click.echo(f"Manifest SHA-256: {found.manifest}")
    if manifest_sha256 is None:
        click.echo("(not compared with the one that prove printed: give --manifest-sha256)")
    click.echo(f"The report's verdict: {found.verdict}")
    if require_pass and found.verdict != State.PASS:
        click.echo("✗ --require-pass: the verdict is not PASS")
        context.exit(1)
