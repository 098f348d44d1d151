"""GitHub's own description of its REST API, as far as issues and labels are concerned.

It is published as the npm package ``@octokit/openapi``. The package is fetched once and cut to the
paths that are needed, with all that they refer to; the piece is kept in pytest's cache.
"""

from __future__ import annotations

import fcntl
import json
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from attrs import frozen
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

PACKAGE: Final = "@octokit/openapi"
_MEMBER: Final = "package/generated/api.github.com.json"
_REPO: Final = "/repos/{owner}/{repo}"
_PATHS: Final = (
    _REPO,
    f"{_REPO}/issues",
    f"{_REPO}/issues/{{issue_number}}",
    f"{_REPO}/issues/{{issue_number}}/comments",
    f"{_REPO}/issues/{{issue_number}}/labels",
    f"{_REPO}/issues/comments/{{comment_id}}",
    f"{_REPO}/labels",
    f"{_REPO}/labels/{{name}}",
)
_BASE: Final = "urn:github"


class NoDescription(Exception):  # noqa: N818 - said of this machine, in a sentence for people
    """The description cannot be had; the message says what is missing."""


def cached(folder: Path) -> dict[str, Any]:
    """The piece of the description, fetched if ``folder`` does not have it."""
    path = folder / "issues.json"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run in several processes
        if not path.exists():
            fresh = path.with_suffix(".new")
            fresh.write_text(json.dumps(_piece(_fetched(shutil.which("npm")))), encoding="utf-8")
            fresh.replace(path)
    piece: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return piece


def _fetched(npm: str | None) -> dict[str, Any]:
    """The whole description, straight from the package's archive."""
    if npm is None:
        raise NoDescription(
            f"npm is not there, with which GitHub's description of its API ({PACKAGE}) is fetched;"
            " install it, e.g. apt-get install npm"
        )
    with tempfile.TemporaryDirectory() as folder:
        ended = subprocess.run(  # noqa: S603 - npm, with words of ours
            [npm, "pack", "--silent", PACKAGE],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        archives = list(Path(folder).glob("*.tgz"))
        if ended.returncode or not archives:
            why = ended.stderr.strip()[-300:]
            raise NoDescription(f"npm pack {PACKAGE} does not fetch GitHub's description: {why}")
        with tarfile.open(archives[0]) as archive:
            member = archive.extractfile(_MEMBER)
            assert member is not None
            whole: dict[str, Any] = json.load(member)
    return whole


def _piece(whole: dict[str, Any]) -> dict[str, Any]:
    """The paths that are needed and everything that they refer to, in the words of JSON Schema."""
    piece: dict[str, Any] = {"paths": {path: whole["paths"][path] for path in _PATHS}}
    piece["components"] = {}
    todo = list(_references(piece["paths"]))
    while todo:
        kind, name = todo.pop().removeprefix("#/components/").split("/")
        there = piece["components"].setdefault(kind, {})
        if name not in there:
            there[name] = whole["components"][kind][name]
            todo += _references(there[name])
    translated: dict[str, Any] = _translated(piece)
    return translated


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for each in value.values():
            yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)


def _translated(value: Any) -> Any:
    """OpenAPI 3.0 says ``nullable`` where JSON Schema says ``null``."""
    if isinstance(value, list):
        return [_translated(each) for each in value]
    if not isinstance(value, dict):
        return value
    plain = {name: _translated(each) for name, each in value.items() if name != "nullable"}
    return {"anyOf": [plain, {"type": "null"}]} if value.get("nullable") is True else plain


@frozen
class Description:
    """Says what of a request or an answer is not as described."""

    piece: dict[str, Any]
    registry: Registry[Any]

    @classmethod
    def of(cls, piece: dict[str, Any]) -> Description:
        """The description in a piece."""
        resource = Resource.opaque(piece)
        return cls(piece, Registry().with_resource(_BASE, resource))

    def example(self, name: str) -> Any:
        """One of GitHub's own examples."""
        return json.loads(json.dumps(self.piece["components"]["examples"][name]["value"]))

    def request(
        self, method: str, path: str, query: dict[str, str], headers: dict[str, str], body: Any
    ) -> Iterator[str]:
        """What is wrong with a request; what GitHub does not describe is wrong too."""
        operation = self._operation(method, path)
        if operation is None:
            yield f"{method} {path} is not described"
            return
        parameters = [self._resolved(each) for each in operation.get("parameters", [])]
        described = {each["name"]: each["schema"] for each in parameters if each["in"] == "query"}
        for name, value in query.items():
            if name not in described:
                yield f"{method} {path}: no query parameter {name} is described"
            else:
                number = re.fullmatch(r"\d+", value) and described[name].get("type") == "integer"
                given = int(value) if number else value
                yield from self._wrong(described[name], given, f"{method} {path}?{name}")
        if headers.get("accept", "") not in {"application/vnd.github+json", "application/json"}:
            yield f"{method} {path}: accept is {headers.get('accept')}"
        yield from self._body(operation, f"{method} {path}", headers, body)

    def _body(
        self, operation: dict[str, Any], where: str, headers: dict[str, str], body: Any
    ) -> Iterator[str]:
        described = operation.get("requestBody")
        if described is None or body is None:
            if body is not None:
                yield f"{where}: no body is described"
            elif described is not None and described.get("required"):
                yield f"{where}: there is no body"
            return
        if not headers.get("content-type", "").startswith("application/json"):
            yield f"{where}: content-type is {headers.get('content-type')}"
        schema = described["content"]["application/json"]["schema"]
        yield from self._wrong(schema, body, where)
        if isinstance(body, dict) and "properties" in schema:
            for name in sorted(set(body) - set(schema["properties"])):
                yield f"{where}: no member {name} is described"

    def answer(self, method: str, path: str, status: int, body: Any) -> Iterator[str]:
        """What is wrong with an answer. Limits and gateways answer as no operation describes."""
        operation = self._operation(method, path)
        if operation is None:
            yield f"{method} {path} is not described"
            return
        described = operation["responses"].get(str(status))
        if described is None:
            if status in range(200, 400):
                yield f"{method} {path}: {status} is not described"
            else:
                schema = {"$ref": "#/components/schemas/basic-error"}
                yield from self._wrong(schema, body, f"{method} {path} {status}")
            return
        content = self._resolved(described).get("content", {})
        if "application/json" in content:
            schema = content["application/json"]["schema"]
            yield from self._wrong(schema, body, f"{method} {path} {status}")
        elif body is not None:
            yield f"{method} {path} {status}: no body is described"

    def _operation(self, method: str, path: str) -> dict[str, Any] | None:
        for template, operations in self.piece["paths"].items():
            if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
                operation: dict[str, Any] | None = operations.get(method.lower())
                if operation is not None:
                    return operation
        return None

    def _resolved(self, value: dict[str, Any]) -> dict[str, Any]:
        reference = value.get("$ref")
        if reference is None:
            return value
        _, _, kind, name = reference.split("/")
        found: dict[str, Any] = self.piece["components"][kind][name]
        return found

    def _wrong(self, schema: dict[str, Any], value: Any, where: str) -> Iterator[str]:
        absolute = json.loads(json.dumps(schema).replace('"#/', f'"{_BASE}#/'))
        validator = Draft202012Validator(absolute, registry=self.registry)
        for error in validator.iter_errors(value):
            yield f"{where}: {'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
