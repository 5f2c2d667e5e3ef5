"""Tests Scripts/check/test.py on lines of `swift test`, as printed by Swift 6.3."""
import contextlib
import importlib.util
import io
import unittest
from pathlib import Path

SPEC = importlib.util.spec_from_file_location("runner", Path(__file__).with_name("test.py"))
runner = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(runner)

BEFORE = """Building for production...
/a/B.swift:1:2: warning: something
Test Suite 'All tests' started at 2026-11-29 01:54:03.279
\t Executed 0 tests, with 0 failures (0 unexpected) in 0.0 (0.0) seconds
◇ Test run started."""
PASSING = """◇ Test "One (with brackets) started" started.
✔ Test "One (with brackets) started" passed after 0.001 seconds.
◇ Test two() started.
◇ Test case passing 1 argument x → "a" to two() started.
✔ Test two() with 1 test case passed after 0.002 seconds.
✔ Suite Numbers passed after 1.234 seconds."""
FAILING = """◇ Test "Three" started.
✘ Test "Three" recorded an issue at B.swift:3:5: Expectation failed: (a → 1) == (b → 2)
↳ why it matters
✘ Test "Three" failed after 0.100 seconds with 1 issue.
✘ Suite "Full sentences" failed after 0.200 seconds with 1 issue."""
TRAP = """◇ Test "Four" started.
B.swift:9: Fatal error: Index out of range
error: Exited with unexpected signal code 5"""


class RunnerTests(unittest.TestCase):
    def output(self, *texts, status=0, verbose=False):
        run = runner.Run(verbose)
        with contextlib.redirect_stdout(io.StringIO()) as output:
            for line in "\n".join(texts).split("\n"):
                run.take(line)
            run.report(status)
        return output.getvalue()

    def test_the_build_and_one_line_per_suite_are_printed(self):
        self.assertEqual(self.output(BEFORE, PASSING), """Building for production...
/a/B.swift:1:2: warning: something
✔     1.2 s  Numbers
2 passed, 0 failed
""")

    def test_failures_stand_in_full_after_everything_else(self):
        lines = self.output(BEFORE, FAILING, PASSING, status=1).split("\n")
        self.assertLess(lines.index("✔     1.2 s  Numbers"), lines.index("Failures:"))
        self.assertIn('✘ Test "Three" recorded an issue at B.swift:3:5: Expectation failed: (a → 1) == (b → 2)', lines)
        self.assertIn("↳ why it matters", lines)
        self.assertEqual(lines[-2], "2 passed, 1 failed")

    def test_a_trap_names_the_tests_that_were_running_and_what_the_process_said(self):
        output = self.output(BEFORE, PASSING, TRAP, status=1)
        self.assertIn('  running: "Four"', output)
        self.assertIn("B.swift:9: Fatal error: Index out of range", output)
        self.assertTrue(output.endswith("2 passed, 1 failed\n"))

    def test_an_argument_that_cuts_its_line_hides_no_result(self):
        cut = '◇ Test "Lists" started.\n◇ Test case passing 1 argument x → "✔ Test "Lists" with 2 test cases passed after 0.6 seconds.'
        self.assertTrue(self.output(BEFORE, cut).endswith("1 passed, 0 failed\n"))

    def test_success_is_no_status_beside_a_failure(self):
        for text, status, expected in ((PASSING, 0, 0), (FAILING, 0, 1), (TRAP, 0, 1), (FAILING, 65, 65), (PASSING, -9, 1)):
            run = runner.Run(False)
            with contextlib.redirect_stdout(io.StringIO()):
                for line in text.split("\n"):
                    run.take(line)
            self.assertEqual(run.status(status), expected, text)

    def test_a_line_that_only_mentions_a_result_is_none(self):
        self.assertTrue(self.output(BEFORE, PASSING, "x prints ✔ Test three() passed after 0.1 seconds.").endswith("2 passed, 0 failed\n"))

    def test_verbose_prints_every_line(self):
        self.assertIn('✔ Test "One (with brackets) started" passed after 0.001 seconds.', self.output(PASSING, verbose=True))


if __name__ == "__main__":
    unittest.main()
