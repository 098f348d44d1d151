"""A machine without a browser is told so; it has not passed."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from tests.report.page import chromium as module
from tests.report.page.chromium import NoBrowser, chromium


def test_a_machine_without_a_browser_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is not root, and has no Chromium, is told in a sentence what to install."""
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(NoBrowser, match=r"Chromium, and it is not installed; `apt-get install"):
        chromium()


def test_root_has_it_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """For root it is installed when it is not there, and not when it is."""
    there = {"apt-get": "/usr/bin/apt-get"}
    installed: list[bool] = []

    def install() -> None:
        installed.append(True)
        there["chromium"] = "/usr/bin/chromium"

    monkeypatch.setattr(shutil, "which", there.get)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(module, "_install", install)
    assert ["/usr/bin/chromium"] * 2 == [chromium(), chromium()]
    assert [True] == installed


def test_an_installation_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """What ``apt-get`` says is passed on."""

    def fail(*_: object, **__: object) -> object:
        return type("Done", (), {"returncode": 100, "stderr": "no network\n"})()

    monkeypatch.setattr(subprocess, "run", fail)
    with pytest.raises(NoBrowser, match=r"^apt-get update failed: no network$"):
        module._install()
