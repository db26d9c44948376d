#!/bin/sh
# An inventory of the tenants in tenants.csv, which lies beside this file: ansible-playbook -i tenants.sh ...
# Columns: name (of the host), group (a group of hosts; may be left empty or out); each other column is a variable, with
# entra_cba_ in front: tenant_id, client_id, cloud ... An empty cell leaves it to the group. All hosts are in 'tenants'.
exec python3 - "$(dirname "$0")/tenants.csv" <<'END'
import csv
import json
import sys

with open(sys.argv[1], encoding="utf-8-sig", newline="") as file:
    separator = ";" if ";" in file.readline() else ","
    file.seek(0)
    rows = list(csv.DictReader(file, delimiter=separator))

inventory = {"_meta": {"hostvars": {}}, "tenants": {"hosts": []}}
variables = inventory["_meta"]["hostvars"]
for number, row in enumerate(rows, 2):
    name, group = row.pop("name", None), row.pop("group", None)
    if not name or name in variables or None in row:
        sys.exit(f"{sys.argv[1]}, line {number}: the name is missing or given before, or there are cells too many")
    variables[name] = {f"entra_cba_{column}": cell for column, cell in row.items() if cell}
    for wanted in filter(None, ("tenants", group)):
        inventory.setdefault(wanted, {"hosts": []})["hosts"].append(name)
json.dump(inventory, sys.stdout)
END
