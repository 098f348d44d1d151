"""Whatever an FC says is text on the page: it does nothing, and it can be read."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from jinja2 import Environment
from playwright.sync_api import Browser

from pt004_model.drive.statistics import Statistics
from pt004_model.model.coverage import Edge
from pt004_model.report import text
from pt004_model.report.page import render, rendering
from pt004_model.search.results import Result
from tests.cli.helpers import read_json
from tests.report.page.helpers import Opened, diverging, kept, opened, page_of, with_texts

SHOWN = 1000
"""Characters of a long text that are surely shown: a trace bounds what it keeps of a reply."""
HOSTILE = {
    "markup": "</pre></script><b id=own>bold</b><script>alert(1)</script>",
    "attributes": '"\' onmouseover=alert(1) id=own x="',
    "images": "<img id=own src=http://127.0.0.1:9/a onerror=alert(1)><svg/onload=alert(1)>",
    "templates": "{{ 7 * 7 }}{% raw %}${7*7}",
    "entities": "&lt;b id=own&gt;&#0;&quot;",
    "markdown": "[a](javascript:alert(1)) ![b](http://127.0.0.1:9/b) <http://127.0.0.1:9/c>",
    "policy": "<meta http-equiv=refresh content='0;url=http://127.0.0.1:9/'><base href=//own>",
    "comment": "<!-- --><!--> ]]> <![CDATA[",
    "long": "x" * 5000,
    "long words": "<wbr>" * 1000,
}
UNSEEN = {
    "right to left": ("a\u202eb\u2066c", "a\\u202eb\\u2066c"),
    "nul": ("a\x00b", "a\\u0000b"),
    "escape": ("\x1b[31mred", "\\u001b[31mred"),
    "lone surrogate": ("a\ud800b", "a\\ud800b"),
    "nothing to see": ("a\u200bb\ufeffc", "a\\u200bb\\ufeffc"),
    "line separators": ("a\u2028b", "a\\u2028b"),
    "private": ("a\ue000b\U000f0000", "a\\ue000b\\udb80\\udc00"),
}


def harmless(shown: Opened, file: Path) -> None:
    """Nothing that a text holds has become a part of the page, or was done by it."""
    shown.open_all()
    shown.page.wait_for_load_state("networkidle")
    assert [] == shown.errors
    assert [file.as_uri()] == [url for url in shown.requests if not url.startswith("data:")]
    assert 0 == shown.page.locator("#own, img, iframe, base, [onerror], [onmouseover]").count()
    assert 1 == shown.page.locator("script").count()
    assert 1280 == shown.say("document.scrollingElement.scrollWidth")


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_an_fc_says_is_text(
    browser: Browser, campaign: Result, tmp_path: Path, text: str
) -> None:
    """In ids, statuses, tags, messages, details and names of fields, markup is shown as it is."""
    file = page_of(tmp_path, campaign, diverging(4, with_texts(text)))
    with opened(browser, file) as shown:
        harmless(shown, file)
        answer = shown.texts("pre[aria-label='Answer to step 4']")[0]
        assert text[:SHOWN] in answer.replace('\\"', '"')


@pytest.mark.parametrize(("text", "shown_as"), UNSEEN.values(), ids=UNSEEN)
def test_what_cannot_be_seen_is_spelled_out(
    browser: Browser, campaign: Result, tmp_path: Path, text: str, shown_as: str
) -> None:
    """Controls, marks of direction and what is no character cannot change how a text looks."""
    file = page_of(tmp_path, campaign, diverging(4, with_texts(text)))
    with opened(browser, file) as shown:
        harmless(shown, file)
        assert shown_as in shown.texts("pre[aria-label='Answer to step 4']")[0]
        assert not any(each in shown.texts("html")[0] for each in text if not each.isprintable())


def test_text_everywhere_in_the_files(browser: Browser, campaign: Result, tmp_path: Path) -> None:
    """The files themselves are not trusted either: every text in them is shown as a text."""
    text = HOSTILE["markup"] + HOSTILE["attributes"] + HOSTILE["markdown"] + "\u202e\x00"
    statistics = Statistics(decisions=Counter({text: 3})).as_json() | {"pauses": {text: 1}}
    result = evolve(
        campaign,
        edges={Edge(text, text, text, text, text): 3, **campaign.edges},
        coverage=evolve(campaign.coverage, unwitnessed=(text,)),
        statistics=statistics,
    )
    folder = kept(tmp_path, result, diverging(4))
    for path in (folder / "summary.json", *(folder / "traces").glob("*.json")):
        spoilt(path, text)
    file = folder / "page.html"
    file.write_text(render(folder), "utf-8")
    with opened(browser, file) as shown:
        harmless(shown, file)
        assert any("<b id=own>bold</b>" in each for each in shown.texts("h1, dd, p, th"))


def test_a_page_that_does_not_escape_is_noticed(
    browser: Browser, campaign: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without escaping the markup becomes a part of the page; its script still does not run."""

    def unescaping(**options: Any) -> Environment:
        return Environment(**options | {"autoescape": False})  # noqa: S701 - that is the point

    monkeypatch.setattr(text, "Environment", unescaping)
    monkeypatch.setattr(rendering, "environment", rendering.environment.__wrapped__)
    file = page_of(tmp_path, campaign, diverging(4, with_texts(HOSTILE["markup"])))
    with opened(browser, file) as shown:
        assert shown.page.locator("#own").count()
        assert any("Content Security Policy" in each for each in shown.errors)
        assert not any(each.startswith("dialog") for each in shown.errors)


def spoilt(path: Path, text: str) -> None:
    """Put ``text`` wherever a file has a text that means nothing to a program."""
    document = read_json(path)
    for name in ("why", "profile", "base_url", "started_at", "clause", "first_seen", "sentence"):
        if name in document:
            document[name] = text
    for each in (*document.get("findings", ()), *document.get("steps", ())):
        for name in ("check", "severity", "where", "expected", "observed", "says", "before"):
            if name in each:
                each[name] = text
        if "allowed" in each:
            each["allowed"] = [{"says": text}]
    path.write_text(json.dumps(document))
