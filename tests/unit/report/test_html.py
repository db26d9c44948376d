"""The page: that it says everything, and that nobody who names a CA can do anything with it."""

from __future__ import annotations

import datetime as dt
import re
import time
import typing as t
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.entra.cba.plugins.plugin_utils._report.html import html_page
from ansible_collections.entra.cba.plugins.plugin_utils._report.report import build_report
from builders.audits import (
    CREATED_AT,
    NOW,
    Json,
    a_chain,
    a_failure,
    a_finding,
    a_fleet,
    a_list,
    a_result,
    an_authority,
    an_unreachable_list,
    the_fleet_before,
)
from builders.pki import a_root_ca, an_intermediate_of

HOSTILE = (
    "<script>alert(1)</script>",
    "\"><img src=x onerror='alert(1)'>",
    "</style></title></svg>",
    "{{ 7 * 7 }}{% raw %}",
    "&amp;lt;b&gt;",
    "-->]]>",
)


def page_of(before: Json | None = None, /, **results: Json) -> str:
    previous = None if before is None else build_report(before, "2026-11-22T16:00:05Z")
    return html_page(build_report(results, CREATED_AT, previous))


def parsed(page: str) -> ET.Element:
    """Return the elements of the page, which is well-formed XML."""
    return ET.fromstring(page)  # noqa: S314  # made here


def text_of(element: ET.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def shown(page: str) -> str:
    """Return the text that a reader sees."""
    body = parsed(page).find("body")
    assert body is not None
    return text_of(body)


def tree_of(page: str) -> list[t.Any]:
    """Return the chains as nested lists of names."""

    def names(items: ET.Element) -> list[t.Any]:
        found: list[t.Any] = []
        for item in items.findall("li"):
            strong = item.find("p/strong")
            assert strong is not None
            found.append(text_of(strong))
            found += [names(below) for below in item.findall("ul")]
        return found

    (tree,) = [each for each in parsed(page).iter("ul") if each.get("class") == "tree"]
    return names(tree)


def test_every_finding_is_there_with_all_that_one_needs_to_act() -> None:
    results = a_fleet()
    text = shown(page_of(**results))
    for result in results.values():
        for finding in result.get("trust_audit", {}).get("findings", []):
            for words in (
                finding["code"],
                finding["message"],
                f"{finding['remedy']}.",
                *finding["aadsts"],
                finding["source"],
            ):
                assert words in text


def test_the_headline_counts_the_tenants() -> None:
    text = shown(page_of(**a_fleet()))
    assert "4 tenants: 1 with errors, 1 not audited, 1 with warnings only, 1 in order." in text
    assert "1 tenant, and nothing stands against what it trusts." in shown(page_of(contoso=a_result(a_chain(["A"]))))
    assert "There was no tenant to audit." in shown(page_of())


def test_severities_are_in_words_and_shapes_beside_the_colours() -> None:
    root = a_chain(["Root"])
    for severity, word in (("error", "Error"), ("warning", "Warning")):
        document = parsed(page_of(contoso=a_result(root, [a_finding(root[0], "crl.expired", severity)])))
        (heading,) = document.iter("h4")
        assert text_of(heading) == f"{word} crl.expired"
        (use,) = heading.iter("use")
        assert use.attrib["href"] == f"#mark-{severity}"
    symbols = {each.attrib["id"]: ET.tostring(each) for each in parsed(page_of()).iter("symbol")}
    assert len(set(symbols.values())) == len(symbols) == 4


def test_a_ca_that_nobody_approved_comes_before_all_other_errors() -> None:
    root = a_chain(["Root"])
    findings = [a_finding(root[0], code) for code in ("certificate.expired", "trust.not_approved")]
    first, second = parsed(page_of(contoso=a_result(root, findings))).iter("h4")
    assert (text_of(first), text_of(second)) == ("Error trust.not_approved", "Error certificate.expired")


def test_cas_with_the_same_fault_share_its_text() -> None:
    cas = a_chain(["Root", "Issuing"])
    page = page_of(contoso=a_result(cas, [a_finding(ca, "crl.missing", message="lacks a list") for ca in cas]))
    assert page.count("lacks a list") == 1
    assert page.count("Put it right.") == 1


def test_chains_are_trees_below_their_roots() -> None:
    root, other = a_root_ca("Root"), a_root_ca("Other root")
    issuing, policy = an_intermediate_of(root, "Issuing"), an_intermediate_of(root, "Policy")
    users = an_intermediate_of(policy, "Users")
    authorities = [
        an_authority(users, policy),
        an_authority(root),
        an_authority(policy, root),
        an_authority(other),
        an_authority(issuing, root),
    ]
    page = page_of(contoso=a_result(authorities))
    assert tree_of(page) == ["Other root", "Root", ["Issuing", "Policy", ["Users"]]]


def test_a_cross_certified_ca_stands_once_and_names_who_else_signed_it() -> None:
    one, two = a_root_ca("One"), a_root_ca("Two")
    both = an_intermediate_of(one, "Both")
    page = page_of(contoso=a_result([an_authority(one), an_authority(two), an_authority(both, one, two)]))
    assert tree_of(page) == ["One", ["Both"], "Two"]
    assert "Also signed by Two" in shown(page)


def test_cas_that_only_certify_one_another_are_shown_all_the_same() -> None:
    one = a_root_ca("One")
    two = an_intermediate_of(one, "Two")
    page = page_of(contoso=a_result([an_authority(one, two), an_authority(two, one)]))
    assert tree_of(page) == ["One", ["Two"]]


def test_an_intermediate_without_its_issuer_says_so() -> None:
    orphan = {**a_chain(["Root", "Orphan"])[1], "issued_by": []}
    assert "No trusted CA signed it; its issuer is CN=Root,O=Example Org,C=DE" in shown(page_of(c=a_result([orphan])))


def test_a_chain_of_any_length_is_shown_whole() -> None:
    names = [f"Level {number}" for number in range(60)]
    page = page_of(contoso=a_result(a_chain(names)))
    assert [name for name in names if shown(page).count(f"{name} Intermediate") + (name == "Level 0") != 1] == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "No revocation list"),
        ({"certificate_revocation_list_url": "http://a/"}, "Revocation list not checked: http://a/"),
        (
            {"certificate_revocation_list": an_unreachable_list("http://a/", "no answer within 10 s")},
            "Revocation list could not be fetched: no answer within 10 s (http://a/)",
        ),
        (
            {"certificate_revocation_list": {**a_list("http://a/"), "this_update": None, "reason": "it is PEM"}},
            "Revocation list could not be read: it is PEM (http://a/)",
        ),
        (
            {"certificate_revocation_list": a_list("http://a/", a_root_ca("Somebody else"))},
            "Revocation list of another CA (http://a/)",
        ),
        (
            {"certificate_revocation_list": a_list("http://a/", days=-1)},
            "Revocation list out of date since 22 November 2026, 16:00 UTC (no. 1207, 47 KB): http://a/",
        ),
        (
            {"certificate_revocation_list": a_list("http://a/", days=None)},
            "Revocation list without an end (no. 1207, 47 KB): http://a/",
        ),
        (
            {"certificate_revocation_list": a_list("http://a/", days=2)},
            "Revocation list in date until 25 November 2026, 16:00 UTC (no. 1207, 47 KB): http://a/",
        ),
        (
            {"delta_certificate_revocation_list": a_list("http://d/", days=1)},
            "Delta list in date until 24 November 2026, 16:00 UTC (no. 1207, 47 KB): http://d/",
        ),
        ({"approved": True}, "Root, approved, valid"),
        ({"approved": False}, "Root, not approved, valid"),
        ({"not_before": None, "not_after": None}, "Root, its certificate cannot be read"),
    ],
)
def test_the_state_of_a_ca_is_in_words(fields: Json, words: str) -> None:
    authority = an_authority(a_root_ca("Root", now=NOW), **fields)
    assert words in shown(page_of(contoso=a_result([authority])))


def test_the_timelines_begin_with_what_ended_and_show_each_list_once() -> None:
    late, soon = a_root_ca("Late", now=NOW, not_after=900), a_root_ca("Soon", now=NOW, not_after=20)
    gone = a_root_ca("Gone", now=NOW, not_before=-90, not_after=-3)
    shared = a_list("http://a/", late, days=3)
    cas = [an_authority(each, certificate_revocation_list=shared) for each in (late, soon, gone)]
    finding = a_finding(cas[1], "certificate.expires_soon", "warning")
    tables = [
        each for each in parsed(page_of(c=a_result(cas, [finding]))).iter("table") if each.get("class") == "timeline"
    ]
    rows = [[text_of(row) for row in table.iter("th") if row.get("scope") == "row"] for table in tables]
    assert rows == [
        [
            "Gone Ended 20 November 2026 3 days ago",
            "Soon Soon: 13 December 2026 in 20 days",
            "Late 11 May 2029 in 2 years",
        ],
        ["Late revocation list 26 November 2026, 16:00 UTC in 3 days"],
    ]
    titles = [title.text for table in tables for title in table.iter("title")]
    assert titles[0] == "Gone: 20 November 2026, 3 days ago"


def test_of_very_many_ends_the_soonest_are_drawn_and_the_others_counted() -> None:
    root = an_authority(a_root_ca("Root", now=NOW))
    cas = [
        {**root, "sha256": f"{number:064x}", "not_after": (NOW + dt.timedelta(days=number)).isoformat()}
        for number in range(1, 201)
    ]
    page = page_of(contoso=a_result(cas))
    assert page.count('class="bar ') == 40
    assert "160 more end on 3 January 2027 or later." in shown(page)


def test_what_changed_is_told_and_new_findings_are_marked() -> None:
    results = a_fleet()
    text = shown(page_of(the_fleet_before(results), **results))
    for words in (
        "Compared with the report of 22 November 2026, 16:00 UTC.",
        "1 CA added, 1 CA removed, 1 CA changed, 2 findings new, 1 finding gone",
        "CAs added Microsoft Azure Sync Root",
        "revocation list: http://crl.contoso.example/policy.crl → http://crl.contoso.example/root.crl",
        "Findings gone warning, crl.expires_soon: Contoso Root CA G2",
        "None: the same CAs, the same findings.",
        "It was last audited on 22 November 2026, 16:00 UTC.",
    ):
        assert words in text
    assert text.count(" new is trusted and not on the approved list") == 1


def test_tenants_that_are_missing_and_tenants_that_failed_are_told() -> None:
    text = shown(page_of({"gone": a_result()}, bad=a_failure("HTTP 403\nGrant the permission")))
    assert "In the earlier report and not in this one: gone." in text
    assert "Grant the permission" in text
    assert "nothing is known of its trust today" in text


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_text_wherever_it_appears(name: str) -> None:
    built = a_root_ca(now=NOW)
    harmless = page_of(**_everything_named(built, "harmless"))
    hostile = page_of(**_everything_named(built, name))
    assert [(each.tag, sorted(each.attrib)) for each in parsed(hostile).iter()] == [
        (each.tag, sorted(each.attrib)) for each in parsed(harmless).iter()
    ]
    assert shown(hostile) == shown(harmless).replace("harmless", name)


def _everything_named(built: t.Any, name: str) -> dict[str, Json]:
    """Return results in which all that somebody else chooses is a name of theirs."""
    published = {**a_list(name, days=-1), "number": name}
    authority = an_authority(built, subject=f"O={name}", issuer=name, approved=False)
    authority |= {"certificate_revocation_list": published, "certificate_revocation_list_url": name}
    authority |= {"delta_certificate_revocation_list": an_unreachable_list(name, name)}
    authority |= {"delta_certificate_revocation_list_url": name}
    orphan = {**authority, "sha256": "f" * 64, "is_root_authority": False}
    finding = a_finding(authority, name, message=name, remedy=name, source=name, aadsts=[name])
    return {f"a{name}": a_result([authority, orphan], [finding], tenant_id=name), f"b{name}": a_failure(name)}


def test_the_page_runs_nothing_and_loads_nothing() -> None:
    results = {**a_fleet(), **_everything_named(a_root_ca(now=NOW), HOSTILE[0])}
    page = page_of(the_fleet_before(a_fleet()), **results)
    assert "<script" not in page.lower()
    document = parsed(page)
    for element in document.iter():
        assert element.tag not in {
            "script",
            "link",
            "img",
            "iframe",
            "object",
            "embed",
            "base",
            "form",
            "image",
            "audio",
        }
        for attribute, value in element.attrib.items():
            assert not attribute.startswith("on")
            assert attribute not in {"src", "srcset", "style", "action", "data", "ping", "background", "poster"}
            if attribute.endswith("href"):
                assert re.fullmatch(r"#[a-z0-9-]+", value)
    style = document.findtext("head/style") or ""
    assert style
    assert not re.search(
        r"url\(|@import|@font-face|expression\(|https?:", re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL)
    )
    policy = next(each.attrib["content"] for each in document.iter("meta") if each.get("http-equiv"))
    assert policy.startswith("default-src 'none'; style-src 'sha256-")


def test_headings_tables_and_references_are_sound() -> None:
    document = parsed(page_of(the_fleet_before(a_fleet()), **a_fleet()))
    assert document.get("lang") == "en"
    levels = [int(each.tag[1]) for each in document.iter() if re.fullmatch(r"h[1-6]", each.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    identifiers = [each.attrib["id"] for each in document.iter() if "id" in each.attrib]
    assert len(identifiers) == len(set(identifiers))
    references = {each.attrib["href"][1:] for each in document.iter() if "href" in each.attrib}
    references |= {each.attrib["aria-labelledby"] for each in document.iter() if "aria-labelledby" in each.attrib}
    assert references <= set(identifiers)
    for table in document.iter("table"):
        assert all(header.get("scope") in {"col", "row"} for header in table.iter("th"))
    for picture in document.iter("svg"):
        titled = picture.get("role") == "img" and picture.find("title") is not None
        assert titled or picture.get("aria-hidden") == "true" or picture.get("overflow") == "visible"


def _contrast(one: str, other: str) -> float:
    """Return the contrast of two colours (WCAG 2.2, relative luminance)."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_all_colours_of_text_stand_out_in_light_and_dark() -> None:
    style = parsed(page_of()).findtext("head/style") or ""
    schemes = [
        dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6})", block))
        for block in re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    ]
    assert len(schemes) == 2
    for colours in schemes:
        for name in ("ink", "quiet", "link", "error", "warning", "fine", "unknown"):
            assert _contrast(colours[name], colours["paper"]) >= 4.5, name


def test_the_same_report_gives_the_same_page() -> None:
    results = a_fleet()
    assert page_of(**results) == page_of(**dict(reversed(results.items())))


def _seconds_for(count: int) -> float:
    root = an_authority(a_root_ca("Root", now=NOW))
    issuer = root["sha256"]
    cas = [root] + [
        {
            **root,
            "sha256": f"{number:064x}",
            "subject": f"CN=CA {number}",
            "is_root_authority": False,
            "issued_by": [issuer],
        }
        for number in range(count)
    ]
    findings = [a_finding(ca, code, message=f"{number}") for number, ca in enumerate(cas) for code in ("a", "b", "c")]
    results = {"contoso": a_result(cas, findings)}
    previous = build_report({"contoso": a_result()}, CREATED_AT)
    html_page(build_report(results, CREATED_AT, previous))
    started = time.process_time()
    html_page(build_report(results, CREATED_AT, previous))
    return time.process_time() - started


def test_a_thousand_cas_take_ten_times_as_long_as_a_hundred() -> None:
    hundred, thousand = min(_seconds_for(100) for _again in range(3)), _seconds_for(1000)
    assert thousand < hundred * 25
