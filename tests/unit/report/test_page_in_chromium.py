"""The page as a browser shows it: on a desk, on a phone, in the dark, and on paper."""

from __future__ import annotations

import struct
import typing as t

import pytest

from ansible_collections.entra.cba.plugins.plugin_utils._report.html import html_page
from ansible_collections.entra.cba.plugins.plugin_utils._report.report import build_report
from builders.audits import (
    CREATED_AT,
    NOW,
    a_chain,
    a_failure,
    a_finding,
    a_fleet,
    a_list,
    a_result,
    an_authority,
    the_fleet_before,
)
from builders.pki import a_root_ca
from tooling.chromium import FOUND, running_chromium

if t.TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from builders.audits import Json
    from tooling.chromium import Page

pytestmark = pytest.mark.skipif(FOUND is None, reason="Chromium is not installed (Debian: apt-get install chromium)")

WIDTHS = (1280, 700, 390)
_TEXTS_OUT_OF_SIGHT = """
[...document.querySelectorAll('body *')].filter(each => {
  const box = each.getBoundingClientRect();
  return each.matches('h1, h2, h3, h4, p, li, th, td, dd, dt, pre, span:not(.word), text') && box.width > 1
    && (box.right > innerWidth + 1 || box.left < -1);
}).map(each => each.outerHTML.slice(0, 120))
"""


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """One tab for all tests here."""
    with running_chromium() as tab:
        yield tab


def ordinary() -> str:
    results = a_fleet()
    return html_page(build_report(results, CREATED_AT, build_report(the_fleet_before(results), "2026-11-22T16:00:00Z")))


def hostile() -> str:
    """Return a page of 20 tenants, one with 200 CAs, with all that certificates can do to a page."""
    root = an_authority(a_root_ca(now=NOW))
    published = a_list(f"http://a/{'l' * 2000}", days=900)
    names = (
        "<script>document.title = 'owned'</script>",
        "<img src=http://192.0.2.1/x onerror=\"document.title = 'owned'\">",
        "x" * 3000,
        "\u202egnisrever \u2066 \x07",
        "\u0635\u0628\u0627\u062d \u05e9\u05dc\u05d5\u05dd",
        "Z\u0300\u0301\u0302" * 50,
    )
    named = [{**root, "sha256": f"{number:064x}", "subject": f"CN={name}"} for number, name in enumerate(names)]
    named[0] |= {"certificate_revocation_list": published, "certificate_revocation_list_url": published["url"]}
    many = [{**root, "sha256": f"{number:064x}", "subject": f"CN=CA {number}"} for number in range(1000, 1200)]
    found = [a_finding(each, "crl.missing", "warning", each["subject"], remedy=each["subject"]) for each in named]
    results: dict[str, Json] = {f"tenant{number}": a_result([root]) for number in range(16)}
    results |= {
        "deep": a_result(a_chain([f"Level {number} {'w' * 50}" for number in range(30)])),
        "named" * 60: a_result([*named, *many], found),
        "\u202e<script>document.title = 'owned'</script>": a_failure(
            f"<script>document.title = 'owned'</script>{'e' * 9000}"
        ),
        "plain": a_failure("word " * 400),
    }
    return html_page(build_report(results, CREATED_AT))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("content", [ordinary, hostile])
def test_everything_is_in_sight_at_every_width_and_nothing_runs(
    page: Page, tmp_path: Path, content: t.Callable[[], str], width: int
) -> None:
    file = tmp_path / "page.html"
    file.write_text(content(), encoding="utf-8")
    page.open(file, width=width)
    assert page.evaluate("[document.documentElement.scrollWidth, innerWidth]") == [width, width]
    assert page.evaluate(_TEXTS_OUT_OF_SIGHT) == []
    assert page.evaluate("document.title") == "Trust audit, 23 November 2026, 16:00 UTC"
    assert page.requests == [file.as_uri()]
    assert page.complaints == []


def test_a_script_that_got_into_the_page_all_the_same_would_be_refused(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(ordinary().replace("<main>", "<main><script>document.title = 'owned'</script>"), encoding="utf-8")
    page.open(file, width=1280)
    assert page.evaluate("document.title") != "owned"
    assert any("Content Security Policy" in complaint for complaint in page.complaints)


def test_a_screenshot_shows_all_of_it(page: Page, tmp_path: Path) -> None:
    file, picture = tmp_path / "page.html", tmp_path / "page.png"
    file.write_text(ordinary(), encoding="utf-8")
    page.open(file, width=390)
    page.screenshot(picture)
    width, height = struct.unpack(">II", picture.read_bytes()[16:24])
    assert [width, height] == page.evaluate("[innerWidth, document.documentElement.scrollHeight]")


def test_the_style_is_the_one_that_the_policy_lets_in(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(ordinary(), encoding="utf-8")
    for dark, paper in ((False, "rgb(253, 252, 250)"), (True, "rgb(22, 24, 28)")):
        page.open(file, width=1280, dark=dark)
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == paper


def test_bars_are_as_long_as_the_time_that_is_left(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(ordinary(), encoding="utf-8")
    for width in WIDTHS:
        page.open(file, width=width)
        bars = page.evaluate(
            "[...document.querySelector('.timeline').querySelectorAll('.bar > rect')].map(each => each.getBBox().width)"
        )
        assert bars == sorted(bars)
        assert bars[0] == 0  # the one that has ended
        assert bars[-1] > width * 0.2


def test_the_table_is_still_one_to_a_screen_reader_when_its_rows_are_blocks(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(ordinary(), encoding="utf-8")
    page.open(file, width=390)
    roles = [node["role"]["value"] for node in page.call("Accessibility.getFullAXTree")["nodes"]]
    assert roles.count("rowheader") >= 4
    assert roles.count("columnheader") >= 8


def test_it_prints_with_each_tenant_on_a_page_of_its_own(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(ordinary(), encoding="utf-8")
    page.open(file, width=1280, dark=True)
    pdf = page.pdf()
    assert pdf.startswith(b"%PDF-")
    assert pdf.count(b"/Type /Page\n") >= 5  # the overview and four tenants
