"""What the repository holds."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "pt004_model"
TESTS = ROOT / "tests"
MADE = {"__pycache__", "pt004_model.egg-info", "build", "dist"}
"""Folders that tools make."""

Definition: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def modules(folder: Path) -> list[Path]:
    """All Python modules in a folder and below."""
    return sorted(path for path in folder.rglob("*.py") if not MADE & set(path.parts))


def files() -> list[Path]:
    """All files that belong to the repository, without those that tools make."""
    found = [path for path in ROOT.iterdir() if path.is_file() and path.name[0] != "."]
    found.append(ROOT / ".gitignore")
    for folder in (PACKAGE, TESTS, ROOT / ".ci", ROOT / ".github"):
        found += [p for p in folder.rglob("*") if p.is_file() and not MADE & set(p.parts)]
    return sorted(found)


def definitions(path: Path) -> Iterator[tuple[str, Definition]]:
    """Every function and class in a module with its dotted name, what is within others included."""

    def within(node: ast.AST, prefix: str) -> Iterator[tuple[str, Definition]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                continue  # no expression holds a definition
            if isinstance(child, Definition):
                name = f"{prefix}.{child.name}"
                yield name, child
                yield from within(child, name)
            else:
                yield from within(child, prefix)

    tree = ast.parse(path.read_text(encoding="utf-8"))
    yield from within(tree, str(path.relative_to(ROOT)))
