#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a core does not have must not be in its sources: heap, exceptions, floating point, the system.

usage: core_sources_test.py NM ARCHIVE SOURCE...
Fails if a source names such a thing or if an object of the archive calls one.
"""
import re
import subprocess
import sys

WORDS = re.compile(r'\b(float|double|new|delete|malloc|free|throw|try|catch|std::\w+|printf)\b')
SYSTEM_INCLUDE = re.compile(r'#include <(?!aie_api/aie\.hpp>|cstdint>|cstddef>)')
CALLS = re.compile(r'^(_Zn[wa]\w*|_Zd[la]\w*|malloc|calloc|free|__cxa_(throw|allocate_exception|begin_catch)'
                   r'|__(u?div|u?mod)[dt]i3|(sqrt|exp2?|log2?|pow|erfc?|floor|ceil|round)f?'
                   r'|open|read|write|printf|puts)(@.*)?$')


def without_comments(text):
    return re.sub(r'//[^\n]*|/\*.*?\*/', '', text, flags=re.S)


def source_faults(path):
    with open(path, encoding='utf-8') as file:
        code = without_comments(file.read())
    for number, line in enumerate(code.split('\n'), 1):
        for pattern in (WORDS, SYSTEM_INCLUDE):
            found = pattern.search(line)
            if found:
                yield f'{path}:{number}: a core has no {found.group(0)!r}'


def archive_faults(nm, archive):
    listing = subprocess.run([nm, '-u', '-A', archive], check=True, capture_output=True, text=True)
    lines = listing.stdout.splitlines()
    if not lines:
        yield f'{archive}: expected calls of the AIE API, found none'
    for line in lines:
        place, _, symbol = line.rpartition(' ')
        if CALLS.match(symbol):
            yield f'{place.strip()}: calls {symbol}'


def main(nm, archive, sources):
    faults = [fault for path in sources for fault in source_faults(path)]
    faults += archive_faults(nm, archive)
    for fault in faults:
        print(fault, file=sys.stderr)
    print(f'{len(sources)} sources, {len(faults)} faults')
    return 1 if faults or not sources else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
