"""Which URLs may be asked for, and what is said of them."""

from __future__ import annotations

import pytest

from ansible_collections.entra.cba.plugins.module_utils._http.public_url import Target, shown, without_user_info


@pytest.mark.parametrize(
    ("url", "authority", "port", "path"),
    [
        ("http://crl.example.org/root.crl", "crl.example.org", 80, "/root.crl"),
        ("HTTP://CRL.example.org:80", "crl.example.org", 80, "/"),
        ("https://crl.example.org:8443/a b?c=ü#d", "crl.example.org:8443", 8443, "/a%20b?c=%C3%BC"),
        ("http://[2001:db8::1]:81/", "[2001:db8::1]:81", 81, "/"),
        ("http://bücher.example/", "xn--bcher-kva.example", 80, "/"),
        ("http://\uff11\uff12\uff17.0.0.1/", "127.0.0.1", 80, "/"),
    ],
)
def test_a_url_is_taken_apart_into_what_is_looked_up_and_what_is_sent(
    url: str, authority: str, port: int, path: str
) -> None:
    target = Target.of(url)
    assert (target.authority, target.port, target.path) == (authority, port, path)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ldap://dc.example.org/cn=Root", "neither http nor https"),
        ("file:///etc/passwd", "neither http nor https"),
        ("crl.example.org/root.crl", "neither http nor https"),
        ("", "neither http nor https"),
        ("http:///root.crl", "no proper host"),
        ("http://a b/", "no proper host"),
        ("http://%31%32%37.0.0.1/", "no proper host"),
        ("http://example..org/", "not a URL"),
        ("http://[::1", "not a URL"),
        ("http://[fe80]/", "not a URL"),
        ("http://crl.example.org:99999/", "not a URL"),
        ("http://ada:secret@crl.example.org/", "no credentials are sent"),
        ("http://@crl.example.org/", "no credentials are sent"),
        ("http://crl.example.org\\@127.0.0.1/", "no credentials are sent"),
    ],
)
def test_anything_else_is_refused_with_the_reason_and_without_the_password(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as caught:
        Target.of(url)
    assert "secret" not in str(caught.value)


def test_a_url_in_a_message_has_no_user_no_control_characters_and_an_end() -> None:
    assert without_user_info("http://ada:p@ss@host/x@y") == "http://host/x@y"
    assert shown("http://ada:p@host/\x1b[31m" + "x" * 500) == repr("http://host/\x1b[31m" + "x" * 183)
