"""Credential types as AWX takes them: which definitions it accepts, and what a job gets of a credential.

Written from the user guide of AWX ("Custom Credential Types") and from what AWX was seen to do; nothing is copied.
"""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

if TYPE_CHECKING:
    from collections.abc import Mapping

_FIELD_KEYS = {
    "id",
    "label",
    "type",
    "format",
    "choices",
    "multiline",
    "secret",
    "default",
    "help_text",
    "ask_at_runtime",
}
_FIELD_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FILE = re.compile(r"template(\.[A-Za-z_][A-Za-z0-9_]*)?")
# A job's own variables, and those that change what is run; every ANSIBLE_ variable is refused besides.
_ENVIRONMENT_KEPT = frozenset(
    {
        "AWX_GROUP_QUEUES",
        "AWX_HOST",
        "INVENTORY_HOSTVARS",
        "INVENTORY_ID",
        "JOB_CALLBACK_DEBUG",
        "JOB_ID",
        "MAX_EVENT_RES",
        "PATH",
        "PROJECT_REVISION",
        "PYTHONPATH",
        "TOWER_HOST",
        "VIRTUAL_ENV",
    }
)


class RefusedDefinition(Exception):
    """AWX would not save this credential type or credential."""


@dataclass(frozen=True)
class Injected:
    """What a job gets; `files` are the paths of files that were written, by the name of their template."""

    environment: dict[str, str]
    extra_vars: dict[str, str]
    files: dict[str, Path]


class CredentialType:
    """A credential type. Raises RefusedDefinition for what AWX would not save."""

    def __init__(self, inputs: Mapping[str, Any], injectors: Mapping[str, Any]) -> None:
        self.fields: dict[str, dict[str, Any]] = {}
        for field in inputs.get("fields", []):
            _check_field(field, known=set(self.fields))
            self.fields[field["id"]] = field
        self.required = frozenset(inputs.get("required", []))
        _refuse(set(inputs) - {"fields", "required"}, "unknown keys of the inputs")
        _refuse(self.required - set(self.fields), "required, but no fields")
        self.injectors: dict[str, dict[str, str]] = {kind: dict(items) for kind, items in injectors.items()}
        self._check_injectors()

    def inject(self, values: Mapping[str, str | bool], folder: Path) -> Injected:
        """Return what a job gets of a credential with these values, files being written to the folder.

        Fields that were left empty are undefined to the templates, which makes them empty and not an error; a file
        is written in any case, so that it may have no content.
        """
        _refuse(set(values) - set(self.fields), "no fields of this type")
        _refuse({name for name in self.required if not values.get(name)}, "required, but left empty")
        known = {name: self._given(name, value) for name, value in values.items() if value != ""}
        known |= {
            name: False for name, field in self.fields.items() if field["type"] == "boolean" and name not in known
        }
        environment = ImmutableSandboxedEnvironment()
        files: dict[str, Path] = {}
        for label, template in self.injectors.get("file", {}).items():
            handle, path = tempfile.mkstemp(dir=folder)  # mode 0600
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(environment.from_string(template).render(known))
            files[label] = Path(path)
        known["tower"] = {"filename": _filenames({label: str(path) for label, path in files.items()})}

        def rendered(kind: str) -> dict[str, str]:
            templates = self.injectors.get(kind, {})
            return {name: environment.from_string(template).render(known) for name, template in templates.items()}

        return Injected(rendered("env"), rendered("extra_vars"), files)

    def _given(self, name: str, value: str | bool) -> Any:
        field = self.fields[name]
        if "choices" in field and value not in field["choices"]:
            raise RefusedDefinition(f"{name}: {value} is none of {field['choices']}")
        if field.get("format") == "ssh_private_key" and "PRIVATE KEY-----" not in str(value):
            raise RefusedDefinition(f"{name} must hold a private key")
        # Line ends matter to those who read keys, and browsers lose the last one.
        is_key = field.get("format") == "ssh_private_key" and not str(value).endswith("\n")
        return f"{value}\n" if is_key else value

    def _check_injectors(self) -> None:
        _refuse(set(self.injectors) - {"env", "file", "extra_vars"}, "unknown kinds of injectors")
        files = self.injectors.get("file", {})
        _refuse({label for label in files if not _FILE.fullmatch(label)}, "file templates of no such name")
        if "template" in files and len(files) > 1:
            raise RefusedDefinition("one file is 'template', several are 'template.<name>'; not both")
        names = self.injectors.get("env", {})
        _refuse({name for name in names if not _FIELD_ID.fullmatch(name)}, "no names of environment variables")
        _refuse({name for name in names if name.startswith("ANSIBLE_")}, "Ansible's own settings")
        _refuse(_ENVIRONMENT_KEPT & set(names), "not for credentials to set")
        example: dict[str, Any] = {name: field["type"] == "boolean" or "EXAMPLE" for name, field in self.fields.items()}
        strict = ImmutableSandboxedEnvironment(undefined=StrictUndefined)
        for kind in ("file", "env", "extra_vars"):
            if kind != "file":
                example["tower"] = {"filename": _filenames(dict.fromkeys(files, "EXAMPLE"))}
            for name, template in self.injectors.get(kind, {}).items():
                try:
                    strict.from_string(template).render(example)
                except TemplateError as error:
                    raise RefusedDefinition(f"{kind} {name}: {error}") from error


def _check_field(field: Mapping[str, Any], known: set[str]) -> None:
    name = str(field.get("id", ""))
    if not _FIELD_ID.fullmatch(name) or name == "tower" or name in known:
        raise RefusedDefinition(f"'{name}' cannot be the id of a field")
    _refuse(set(field) - _FIELD_KEYS, f"unknown keys of field {name}")
    if not field.get("label"):
        raise RefusedDefinition(f"field {name} needs a label")
    if field.get("type") not in ("string", "boolean"):
        raise RefusedDefinition(f"field {name}: the type is 'string' or 'boolean'")
    if field["type"] == "boolean":
        _refuse(set(field) & {"choices", "format", "multiline", "secret"}, f"not for the boolean field {name}")
    if field.get("format", "url") not in ("url", "ssh_private_key"):
        raise RefusedDefinition(f"field {name}: the format is 'url' or 'ssh_private_key'")
    if "choices" in field and not all(isinstance(choice, str) for choice in field["choices"]):
        raise RefusedDefinition(f"field {name}: choices are strings")
    if "choices" in field and field.get("default", field["choices"][0]) not in field["choices"]:
        raise RefusedDefinition(f"field {name}: the default is none of the choices")


def _filenames(paths: dict[str, str]) -> str | dict[str, str]:
    """Return what `tower.filename` is: the path of the only file, or the paths by name."""
    return paths.get("template") or {label.partition(".")[2]: path for label, path in paths.items()}


def _refuse(names: set[str] | frozenset[str], why: str) -> None:
    if names:
        raise RefusedDefinition(f"{why}: {', '.join(sorted(names))}")
