"""Lists of CAs whose paths begin where ansible-playbook was started."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.entra.cba.plugins.filter.absolute_paths import FilterModule

absolute_paths = FilterModule().filters()["absolute_paths"]


def test_relative_paths_begin_where_the_run_began(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    given = [{"path": "files/root.pem", "is_root_authority": True}, {"path": "/etc/issuing.der"}]
    assert absolute_paths(given) == [
        {"path": str(tmp_path / "files/root.pem"), "is_root_authority": True},
        {"path": "/etc/issuing.der"},
    ]
    assert given[0]["path"] == "files/root.pem"


def test_the_home_directory_is_known() -> None:
    assert absolute_paths([{"path": "~/root.pem"}]) == [{"path": str(Path.home() / "root.pem")}]


def test_items_without_a_path_stay_as_they_are() -> None:
    assert absolute_paths([{"content": "-----BEGIN"}, {"path": None}]) == [{"content": "-----BEGIN"}, {"path": None}]


@pytest.mark.parametrize("wrong", ["files/root.pem", ["files/root.pem"], {"path": "files/root.pem"}])
def test_anything_but_a_list_of_items_is_an_error_that_says_so(wrong: object) -> None:
    with pytest.raises(AnsibleFilterError, match="takes a list of certificate authorities"):
        absolute_paths(wrong)
