"""Refuse to start in a working directory that is gone: Hypothesis cannot be imported there."""

from __future__ import annotations

import os
import sys

try:
    os.getcwd()
except FileNotFoundError:
    sys.stderr.write("Error: the working directory is gone; go to another one\n")
    raise SystemExit(2) from None
