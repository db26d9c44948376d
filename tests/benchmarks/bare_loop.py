"""`python bare_loop.py TENANTS.json COUNT cold|warm`: the least that reads so many trust stores in Python.

One session for all, a token (cold) or a token that was there before (warm), one GET. It parses the answer and compares
nothing: the floor that the collection is measured against.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import requests


def main(file: str, count: str, token: str) -> None:
    known = json.loads(Path(file).read_text())
    with requests.Session() as session:
        session.verify = known["ca_path"]
        session.trust_env = False
        for tenant in known["tenants"][: int(count)]:
            access_token = tenant["access_token"] if token == "warm" else _token(session, known, tenant)
            answer = session.get(
                f"{known['graph_url']}/v1.0/organization/{tenant['tenant_id']}/certificateBasedAuthConfiguration",
                headers={"Authorization": f"Bearer {access_token}"},
                timeout=30,
            )
            answer.raise_for_status()
            assert len(answer.json()["value"]) == 1


def _token(session: requests.Session, known: dict[str, str], tenant: dict[str, str]) -> str:
    answer = session.post(
        f"{known['authority_url']}/{tenant['tenant_id']}/oauth2/v2.0/token",
        data={
            "grant_type": "client_credentials",
            "client_id": tenant["client_id"],
            "client_secret": tenant["client_secret"],
            "scope": f"{known['graph_url']}/.default",
        },
        timeout=30,
    )
    answer.raise_for_status()
    return str(answer.json()["access_token"])


if __name__ == "__main__":
    main(*sys.argv[1:])
