# SPDX-License-Identifier: LGPL-2.1-or-later
"""All mutations: runs the tools and says which of them found a mutant that lives.

mutations.py BUILD STREAMS_TEST CORES_TEST WORDS_TEST TRANSFERS_TEST MUTATE_STREAMS [MUTATE_SYNCS]

MUTATE_SYNCS is missing where the build has no headers of XRT.
"""

import pathlib
import subprocess
import sys
import time


def main():
    build, *tests, tools = sys.argv[1], *sys.argv[2:6], sys.argv[6:]
    sources = pathlib.Path(__file__).with_name("mutate_sources.py")
    commands = [[tool] for tool in tools] + [[sys.executable, str(sources), build, *tests]]
    results = []
    for command in commands:
        name = pathlib.Path(command[1] if command[0] == sys.executable else command[0]).name
        print(f"\n== {name}", flush=True)
        begin = time.monotonic()
        status = subprocess.run(command).returncode
        outcome = "all caught" if status == 0 else f"FAILED (exit status {status})"
        results.append((status, f"{name}: {outcome}, {time.monotonic() - begin:.0f} s"))
    print()
    for _, line in results:
        print(line)
    return 1 if any(status for status, _ in results) else 0


sys.exit(main())
