"""Names from certificates and times, as people see them."""

from __future__ import annotations

import datetime as dt
import unicodedata

import pytest

from ansible_collections.entra.cba.plugins.plugin_utils._report.text import common_name, distance, octets, visible


@pytest.mark.parametrize(
    ("hidden", "shown"),
    [
        ("CA\u202eabc", "CA⟨U+202E⟩abc"),
        ("\u2066CA\u2069", "⟨U+2066⟩CA⟨U+2069⟩"),
        ("C\u200bA\ufeff", "C⟨U+200B⟩A⟨U+FEFF⟩"),
        ("\x00\x07\x1b[31m", "⟨U+0000⟩⟨U+0007⟩⟨U+001B⟩[31m"),
        ("\ud800", "⟨U+D800⟩"),
        ("\ufffe", "⟨U+FFFE⟩"),
        ("a\rb\u2028c", "a⟨U+000D⟩b⟨U+2028⟩c"),
    ],
)
def test_characters_that_hide_or_turn_the_line_around_are_named(hidden: str, shown: str) -> None:
    assert visible(hidden) == shown


def test_no_character_at_all_gets_through_that_has_no_shape() -> None:
    everything = "".join(map(chr, range(0x3000)))
    shown = "".join(visible(everything[at : at + 500]) for at in range(0, len(everything), 500))
    assert {character for character in shown if unicodedata.category(character)[0] == "C"} == {"\n"}


def test_letters_of_all_scripts_stay_as_they_are() -> None:
    name = "Größe Ελλάς 日本 صباح שלום é"
    assert visible(name) == name


def test_very_long_text_is_cut_and_says_so() -> None:
    assert visible("x" * 1003).endswith("x… (3 more characters)")


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        ("CN=Root CA,O=Example Org", "Root CA"),
        ("O=Example Org,CN=Last", "Last"),
        (r"CN=Smith\, Ada\+,C=DE", "Smith, Ada+"),
        ("O=Only an organisation", "O=Only an organisation"),
        ("OCN=no", "OCN=no"),
        ("CN= ,C=DE", "CA without a name"),
        ("", "CA without a name"),
        (f"CN={'x' * 300}", "x" * 120 + "…"),
    ],
)
def test_a_ca_goes_by_its_common_name(subject: str, name: str) -> None:
    assert common_name(subject) == name


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (0.7, "in 16 hours"),
        (21, "in 21 days"),
        (-5, "5 days ago"),
        (200, "in 6 months"),
        (-1000, "2 years ago"),
        (3660, "in 10 years"),
        (1 / 24, "in 1 hour"),
    ],
)
def test_distances_are_in_words(days: float, words: str) -> None:
    assert distance(dt.timedelta(days=days)) == words


def test_sizes_are_in_words() -> None:
    assert [octets(size) for size in (1, 900, 48_213, 31 * 1024 * 1024)] == ["1 byte", "900 bytes", "47 KB", "31.0 MB"]
