"""The page in Chromium: quiet, alone, at every width, by keyboard, for those who do not see it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # has no types
from playwright.sync_api import Browser, expect

from pt004_model.search.results import Result
from tests.report.page.helpers import Opened, diverging, many, opened, page_of
from tests.sampling import some

KINDS = ("thirty", "none", "one", "long", "unsure")
WIDTHS: dict[str, dict[str, int]] = {
    "wide": {"width": 1280, "height": 900},
    "phone": {"width": 390, "height": 800},
}
VIEWS = pytest.mark.parametrize(("width", "scheme"), [("wide", "light"), ("phone", "dark")])


@pytest.fixture(scope="module", params=some(KINDS, 3))
def page(request: pytest.FixtureRequest, campaign: Result, tmp_path_factory: Any) -> Path:
    """The pages of campaigns that came to this and that."""
    kind: str = request.param
    findings = {
        "one": many(1, diverging(4)),
        "thirty": many(30, diverging(5)),
        "long": many(1, diverging(200)),
    }
    why = "the Federation Core stopped answering: refused" if kind == "unsure" else ""
    return page_of(tmp_path_factory.mktemp(kind), campaign, *findings.get(kind, ()), why=why)


@pytest.fixture
def one(campaign: Result, tmp_path: Path) -> Path:
    """The page of a campaign with one finding, of four commands."""
    return page_of(tmp_path, campaign, diverging(4))


def everything_asked(shown: Opened, file: Path) -> list[str]:
    """What was asked for besides the file itself."""
    own = file.absolute().as_uri()
    return [url for url in shown.requests if url != own and not url.startswith("data:")]


def complaints(shown: Opened) -> list[str]:
    """What axe finds wrong for people who do not see the page, or who see it badly."""
    told = Axe().run(shown.page).response["violations"]
    return [f"{each['id']}: {node['html'][:120]}" for each in told for node in each["nodes"]]


@VIEWS
def test_it_opens_quietly_and_alone(browser: Browser, page: Path, width: str, scheme: str) -> None:
    """Nothing is said on the console, nothing is asked for, nothing is wider than the window."""
    with opened(browser, page, viewport=WIDTHS[width], color_scheme=scheme) as shown:
        shown.open_all()
        shown.page.wait_for_load_state("networkidle")
        assert [] == shown.errors
        assert [] == everything_asked(shown, page)
        assert WIDTHS[width]["width"] == shown.say("document.scrollingElement.scrollWidth")


@VIEWS
def test_it_has_names_and_contrast(browser: Browser, page: Path, width: str, scheme: str) -> None:
    """Nothing is wrong for axe, with all closed but one finding."""
    with opened(browser, page, viewport=WIDTHS[width], color_scheme=scheme) as shown:
        shown.say("document.querySelectorAll('details.finding')[0]?.setAttribute('open', '')")
        assert [] == complaints(shown)


def test_what_is_wrong_is_noticed(browser: Browser, one: Path) -> None:
    """A request, an error, a button without a name and a page too wide: each is seen here."""
    text = one.read_text("utf-8")
    head, rest = text.split("<main", 1)
    planted = "<button type=button></button><div style='width:3000px'>wide</div>"
    one.write_text(f"{head}<img alt='' src='http://127.0.0.1:9/x.png'>{planted}<main{rest}")
    with opened(browser, one) as shown:
        assert any("Content Security Policy" in said for said in shown.errors)
        assert any(each.startswith("button-name") for each in complaints(shown))
    without = one.read_text("utf-8").replace("Content-Security-Policy", "X-Nothing")
    one.write_text(without + "<script>document.body.onclick = undefined.x</script>")
    with opened(browser, one) as shown:
        assert ["http://127.0.0.1:9/x.png"] == everything_asked(shown, one)
        assert any("undefined" in said for said in shown.errors)
        assert shown.say("document.scrollingElement.scrollWidth") > 1280


def focused(shown: Opened) -> str:
    """What has the focus: its name for people, or its text."""
    name: str = shown.say(
        "(e => e.getAttribute('aria-label') || e.innerText || e.tagName)(document.activeElement)"
    )
    return " ".join(name.split())


def test_all_of_it_can_be_reached_by_keyboard(browser: Browser, one: Path) -> None:
    """The tabulator goes once through all that can be used, in the order in which it stands."""
    with opened(browser, one) as shown:
        wanted = shown.say(
            """[...document.querySelectorAll('a, button, summary, [tabindex="0"]')]
            .filter(e => e.checkVisibility())
            .map(e => e.getAttribute('aria-label') || e.innerText)"""
        )
        seen = []
        for _ in wanted:
            shown.page.keyboard.press("Tab")
            seen.append(focused(shown))
        assert [" ".join(each.split()) for each in wanted] == seen
        assert "Skip to the findings" == seen[0]
        assert any(each.startswith("Copy") for each in seen)
        assert 20 < len(seen)


def test_the_keyboard_opens_and_closes(browser: Browser, one: Path) -> None:
    """Enter skips to the findings, closes the finding that was open, and opens it again."""
    with opened(browser, one) as shown:
        shown.page.keyboard.press("Tab")
        shown.page.keyboard.press("Enter")
        assert "#main" == shown.say("location.hash")
        finding = shown.page.locator("details.finding")
        for expected in (False, True):
            finding.locator("> summary").press("Enter")
            assert expected is finding.evaluate("e => e.open")


def test_all_are_opened_and_closed_at_once(
    browser: Browser, campaign: Result, tmp_path: Path
) -> None:
    """Of several findings none is open at first; the two buttons are for all of them."""
    with opened(browser, page_of(tmp_path, campaign, *many(3, diverging()))) as shown:
        open_ones = shown.page.locator("details.finding[open]")
        assert 0 == open_ones.count()
        shown.page.get_by_role("button", name="Open all").press("Enter")
        assert 3 == open_ones.count()
        shown.page.get_by_role("button", name="Close all").press("Enter")
        assert 0 == open_ones.count()


def copied(shown: Opened) -> str:
    """What comes of pasting."""
    shown.say("document.body.append(Object.assign(document.createElement('textarea'), {id: 't'}))")
    area = shown.page.locator("#t")
    area.press("Control+V")
    text = area.input_value()
    area.evaluate("e => e.remove()")
    return text


@pytest.mark.parametrize("clipboard", [True, False])
def test_commands_are_copied(browser: Browser, one: Path, clipboard: bool) -> None:
    """Each button copies what stands beside it, also where a page is given no clipboard."""
    with opened(browser, one) as shown:
        shown.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        if not clipboard:
            shown.say("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
        buttons = shown.page.locator("button.copy")
        assert 2 <= buttons.count()
        for number in range(buttons.count()):
            button = buttons.nth(number)
            beside = f"[id='{button.get_attribute('data-copy')}']"
            text = shown.page.locator(beside).text_content()
            button.press("Enter")
            expect(shown.page.locator("#said")).to_have_text("Copied")
            assert text
            assert text == copied(shown)
            expect(shown.page.locator("#said")).to_have_text("")
        assert [] == shown.errors


def test_a_link_to_a_finding_opens_it(browser: Browser, campaign: Result, tmp_path: Path) -> None:
    """The address of a finding is the page with its fingerprint, and it is open there."""
    made = many(3, diverging())
    file = page_of(tmp_path, campaign, *made)
    with opened(browser, file) as shown:
        shown.page.goto(f"{file.as_uri()}#finding-{made[1].fingerprint}")
        there = shown.page.locator("details.finding[open]")
        assert 1 == there.count()
        assert made[1].fingerprint == there.get_attribute("data-fingerprint")


def test_it_is_of_use_without_scripts(browser: Browser, one: Path) -> None:
    """Without scripts everything is there, and no button that would do nothing."""
    with opened(browser, one, java_script_enabled=False) as shown:
        assert shown.page.get_by_role("heading", name="Diverges").is_visible()
        assert 0 == shown.page.locator("button:visible").count()
        assert shown.page.get_by_text("The trace", exact=True).is_visible()


def test_it_prints_what_matters(browser: Browser, campaign: Result, tmp_path: Path) -> None:
    """On paper all findings are open, in black on white, without what can only be clicked."""
    with opened(
        browser, page_of(tmp_path, campaign, *many(3, diverging())), color_scheme="dark"
    ) as shown:
        shown.page.emulate_media(media="print")
        shown.say("dispatchEvent(new Event('beforeprint'))")
        assert 3 == shown.page.locator("details.finding[open]").count()
        assert 0 == shown.page.locator("nav:visible, button:visible").count()
        assert "rgb(255, 255, 255)" == shown.say("getComputedStyle(document.body).backgroundColor")
        shown.say("dispatchEvent(new Event('afterprint'))")
        assert 0 == shown.page.locator("details.finding[open]").count()
        assert shown.page.pdf().startswith(b"%PDF")


def test_the_picture_fits_the_window(browser: Browser, one: Path) -> None:
    """A phone gets a tall picture of the lifecycle, a screen a wide one; never both."""
    for width, layout in (("wide", ".wide"), ("phone", ".tall")):
        with opened(browser, one, viewport=WIDTHS[width]) as shown:
            assert [layout] == [s for s in (".wide", ".tall") if shown.page.locator(s).is_visible()]


def test_a_long_trace_is_folded(browser: Browser, campaign: Result, tmp_path: Path) -> None:
    """Of two hundred commands the last twelve are seen at once, the others when they are wanted."""
    made = evolve(diverging(200))
    with opened(browser, page_of(tmp_path, campaign, made)) as shown:
        moments = shown.page.locator("li.moment:visible")
        assert 12 == moments.count()
        shown.page.get_by_text("188 earlier commands").press("Enter")
        assert 200 == moments.count()
        assert [str(n) for n in range(1, 201)] == shown.texts("li.moment .number")
