"""``python -m pt004_model`` is ``pt004``."""

from pt004_model.cli import main

main()
