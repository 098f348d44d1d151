"""``pt004``, which ``python -m pt004_model`` is as well."""

import sys

from pt004_model.interrupts import INTERRUPTED


def main() -> None:
    """Run the command line; Ctrl-C ends it with its exit code while it is still imported, too."""
    try:
        from pt004_model import cli  # noqa: PLC0415 - this is what takes a second
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(INTERRUPTED)
    cli.main()


if __name__ == "__main__":
    main()
