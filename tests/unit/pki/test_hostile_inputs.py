"""Inputs that nobody has thought of: damaged, cut, spliced, repeated. Each gives CAs or one error that names it."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.entra.cba.plugins.module_utils._pki.authority import authorities_from
from ansible_collections.entra.cba.plugins.module_utils._pki.encodings import UnusableInput
from builders.pki import a_crl_of, a_pkcs7, a_root_ca, an_intermediate_of

ROOT = a_root_ca()
ISSUING = an_intermediate_of(ROOT)
SAMPLES = (
    ROOT.der,
    ROOT.pem + ISSUING.pem,
    base64.b64encode(ROOT.der),
    a_pkcs7([ROOT, ISSUING], "der"),
    a_pkcs7([ROOT, ISSUING], "ber"),
    a_pkcs7([ROOT, ISSUING], "pem"),
    ROOT.key_pem,
    a_crl_of(ROOT),
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Return a sample with octets replaced, taken out, put in, cut off or repeated."""
    octets = bytearray(draw(st.sampled_from(SAMPLES)))
    for _unused in range(draw(st.integers(1, 8))):
        at = draw(st.integers(0, len(octets)))
        length = draw(st.integers(0, 40))
        octets[at : at + length] = draw(st.one_of(st.binary(max_size=40), st.just(bytes(octets[:length]))))
    return bytes(octets)


def judged(octets: bytes) -> None:
    """Check that an input gives CAs, or an error that begins with its name and shows no private key."""
    try:
        authorities = authorities_from([{"path": "some.file"}], lambda _path: octets)
    except UnusableInput as error:
        message = str(error)
        assert message.startswith("certificate_authorities[0] (some.file)")
        assert not any(line and line in message for line in ROOT.key_pem.decode().splitlines()[1:-1])
    else:
        assert authorities


@settings(max_examples=400, deadline=2000)
@given(damaged())
def test_a_damaged_input_is_read_or_named(octets: bytes) -> None:
    judged(octets)


@settings(max_examples=200, deadline=2000)
@given(st.binary(max_size=2000))
def test_any_octets_are_read_or_named(octets: bytes) -> None:
    judged(octets)


@settings(max_examples=200, deadline=2000)
@given(st.text(max_size=2000))
def test_any_text_given_as_content_is_named(content: str) -> None:
    with pytest.raises(UnusableInput, match=r"^certificate_authorities\[0\]"):
        authorities_from([{"content": content}], lambda _path: b"")
