#!/usr/bin/env python3
"""Run `swift test` and print the time of each suite, then every failure in full, then the count.

    Scripts/check/test.py [--verbose] [ARGUMENT of swift test …]

.build/test.log keeps the complete log. The exit status is that of `swift test`, or 1 if no test ran. Suites run one
after the other: in parallel the times would mean nothing, and most tests use all processors anyway."""
import re
import subprocess
import sys
from pathlib import Path

LOG = Path(".build/test.log")
PASSED, FAILED, DETAIL = "✔", "✘", "↳"
SUITE = re.compile(r'^. Suite (?:"(?P<title>.+)"|(?P<name>\S+)) (?P<verdict>passed|failed) after (?P<seconds>[\d.]+) seconds')
# An argument that holds NUL cuts the line before it.
TEST = re.compile(r'^(?:◇ Test case passing .*)?[✔✘] Test (?P<name>".+"|\S+\(.*?\))(?: with \d+ test cases?)? (?P<verdict>passed|failed) after [\d.]+ seconds')
STARTED = re.compile(r"^◇ Test (?!run |case )(?P<name>.*) started\.$")
ISSUE = re.compile(r"^✘ Test .* recorded an issue")
# The output of XCTest, which has no tests here.
XCTEST = re.compile(r"^Test Suite|^\t Executed 0 tests")
LINE = re.compile(r"^[◇✔✘↳➜] ")


class Run:
    """The lines of one run, as they come."""

    def __init__(self, verbose):
        self.verbose = verbose
        self.issues, self.outside = [], []
        self.passed = self.failed = 0
        self.started = False
        self.open_tests = set()
        self.in_issue = False

    def take(self, line):
        """Sorts one line; prints it if it belongs to the build or is wanted."""
        test, suite = TEST.match(line), SUITE.match(line)
        if started := STARTED.match(line):
            self.started = True
            self.open_tests.add(started["name"])
        if test:
            self.open_tests.discard(test["name"])
            self.passed += test["verdict"] == "passed"
            self.failed += test["verdict"] == "failed"
        self.keep_issue(line)
        is_of_the_build = not (self.started or LINE.match(line) or XCTEST.match(line))
        if self.verbose or is_of_the_build:
            print(line, flush=True)
        elif suite:
            mark = PASSED if suite["verdict"] == "passed" else FAILED
            print(f"{mark} {float(suite['seconds']):7.1f} s  {suite['title'] or suite['name']}", flush=True)

    def keep_issue(self, line):
        """An issue, the lines that explain it, and what the tests' process itself says (a trap, a signal)."""
        if ISSUE.match(line):
            self.in_issue = True
        elif LINE.match(line):
            self.in_issue = line.startswith(DETAIL) and self.in_issue
        elif not self.in_issue:
            if self.started and not XCTEST.match(line) and line.strip():
                self.outside.append(line)
            return
        if self.in_issue:
            self.issues.append(line)

    def status(self, status):
        """That of `swift test`; never success beside a failure."""
        if status == 0 and (self.failed or self.open_tests):
            return 1
        return status if status >= 0 else 1

    def report(self, status):
        """Failures in full, then the count on a line of its own."""
        if self.issues:
            print("\nFailures:")
            print("\n".join(self.issues))
        if status and (self.open_tests or not self.issues):
            print("\nThe tests' process ended early." if self.open_tests else "\nNo test failed, but `swift test` did.")
            for name in sorted(self.open_tests):
                print(f"  running: {name}")
            print("\n".join(self.outside[-40:]))
        if status:
            print(f"\nThe complete log is {LOG}.")
        print(f"{self.passed} passed, {self.failed + len(self.open_tests)} failed", flush=True)


def main(arguments):
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    verbose = "--verbose" in arguments
    run = Run(verbose)
    command = ["swift", "test", "--no-parallel", *(a for a in arguments if a != "--verbose")]
    LOG.parent.mkdir(exist_ok=True)
    with LOG.open("w", encoding="utf-8") as log, subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace") as process:
        try:
            for line in process.stdout:
                log.write(line)
                run.take(line.rstrip("\n"))
        except KeyboardInterrupt:
            process.wait()
            run.report(130)
            return 130
    run.report(process.returncode)
    # A run without tests fails, because a filter that matches nothing is a mistake.
    if process.returncode == 0 and run.passed == 0:
        print("no test was executed", file=sys.stderr)
        return 1
    return run.status(process.returncode)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
