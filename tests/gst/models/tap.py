# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs unittest cases and writes TAP, so that meson counts each of them."""

import sys
import unittest


class TapResult(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.number = 0

    def report(self, ok, test, suffix="", detail=""):
        self.number += 1
        name = test.id().removeprefix("__main__.")
        print(f"{'ok' if ok else 'not ok'} {self.number} - {name}{suffix}")
        for line in detail.splitlines():
            print("# " + line)
        sys.stdout.flush()

    def addSuccess(self, test):
        super().addSuccess(test)
        self.report(True, test)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.report(True, test, " # SKIP " + reason)

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.report(False, test, detail=self.failures[-1][1])

    def addError(self, test, error):
        super().addError(test, error)
        self.report(False, test, detail=self.errors[-1][1])


def main(module="__main__"):
    suite = unittest.defaultTestLoader.loadTestsFromName(module)
    print(f"1..{suite.countTestCases()}")
    result = TapResult()
    suite.run(result)
    sys.exit(0 if result.wasSuccessful() else 1)
