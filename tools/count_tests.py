#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Counts test cases in the JUnit files below a folder and prints "N passed, N failed, N skipped".

Every build step that failed counts as one failure, and so does every suite that failed without a
failed test case in its file (a crash of the runner); a skipped step counts as one skipped. Exits with 1
if anything failed or nothing ran.
"""
import argparse
import pathlib
import sys
import xml.etree.ElementTree as ElementTree


def count(path):
    passed = failed = skipped = 0
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
            print(f"failed: {case.get('classname', '')} {case.get('name')} ({path.parent.parent.name})")
        elif case.find("skipped") is not None:
            skipped += 1
        else:
            passed += 1
    return passed, failed, skipped


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--failed-steps", type=int, default=0)
    parser.add_argument("--failed-suites", type=int, default=0)
    parser.add_argument("--skipped-steps", type=int, default=0)
    options = parser.parse_args()

    totals = [0, 0, 0]
    for path in sorted(options.folder.glob("*/meson-logs/*.junit.xml")):
        totals = [total + part for total, part in zip(totals, count(path))]
    passed, failed, skipped = totals
    skipped += options.skipped_steps
    failed = max(failed, options.failed_suites) + options.failed_steps
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
