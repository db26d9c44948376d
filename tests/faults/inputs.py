"""Every file of cryptography's test vectors as an input of the task: a parsed CA, or one clear error that names it.

`python -m faults.inputs` prints how many there were, the slowest, and the memory that it took. A traceback ends it.
"""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

import cryptography_vectors

from faults.cases import asked
from faults.world import World
from simulator.behaviour import Behaviour

VECTORS = Path(cryptography_vectors.__file__).parent
FOLDERS = ("x509", "pkcs7", "pkcs12", "asymmetric")
SLOWEST_SECONDS = 10.0
LARGEST_KIBIBYTES = 200 * 1024


def main() -> int:
    world = World()
    world.begin(None, Behaviour())
    files = [path for folder in FOLDERS for path in sorted((VECTORS / folder).rglob("*")) if path.is_file()]
    parsed, faults, slowest = 0, [], 0.0
    for path in files:
        started = time.process_time()
        task = asked({"path": str(path)}, preflight="skip")
        run = world.run(task, log_in=False, check_mode=True, read_file=lambda name: Path(name).read_bytes())
        slowest = max(slowest, time.process_time() - started)
        if run.message is None:
            parsed += 1
        elif str(path) not in run.message or "Traceback" in run.message:
            faults.append(f"{path}: {run.message}")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(*faults, sep="\n")
    print(
        f"{len(files)} files: {parsed} parsed, {len(files) - parsed} refused, {len(faults)} without their name;"
        f" the slowest took {slowest:.1f} s, all of it {memory // 1024} MiB"
    )
    return 1 if faults or not parsed or slowest > SLOWEST_SECONDS or memory > LARGEST_KIBIBYTES else 0


if __name__ == "__main__":
    sys.exit(main())
