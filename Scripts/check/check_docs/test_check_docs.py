#!/usr/bin/env python3
"""Runs check_docs on wrong pages: each fault is found, and named with its position."""

import pathlib
import unittest

import blocks
import table
from check_docs import run_page, unused_rows
from mentions import Mentions
from session import Session
from table import Program

FENCE = "```"


def session(stand_ins=None):
    return Session("page.md", stand_ins or {}, pathlib.Path("/bin/true"), pathlib.Path("/bin"))


def shell(text, language="sh"):
    return blocks.Block("page.md", 7, language, text)


class Blocks(unittest.TestCase):
    def test_fences_and_indented_blocks_are_found_and_removed_from_the_prose(self):
        page = f"one\n{FENCE}sh\nls\n{FENCE}\ntwo\n\n    indented\n\n    goes on\n\n- item\n\n    of the item\n"
        found, prose = blocks.markdown("page.md", page)
        self.assertEqual([(block.line, block.language, block.text) for block in found],
                         [(3, "sh", "ls\n"), (7, "", "indented\n\ngoes on\n")])
        self.assertEqual([line for line in prose if line], ["one", "two", "- item", "    of the item"])
        self.assertEqual(prose[4], "two")

    def test_a_fence_must_be_closed(self):
        with self.assertRaises(SystemExit):
            blocks.markdown("page.md", f"{FENCE}sh\nls\n")

    def test_examples_of_a_help_text(self):
        text = "OVERVIEW: Does.\n\nExample: tool a\n         tool b\n\nUSAGE: tool\n"
        self.assertEqual(blocks.help_examples("help", text).text, "tool a\ntool b\n")
        self.assertEqual(blocks.help_examples("help", "First steps:\n  tool a\n\nUSAGE: tool\n").text, "tool a\n")
        self.assertIsNone(blocks.help_examples("help", "OVERVIEW: Does.\n"))

    def test_a_command_may_go_on_in_the_next_line(self):
        self.assertEqual(list(blocks.commands(shell("a \\\n  b\n\nc\n"))), [(7, "a \\\n  b"), (10, "c")])


class Sessions(unittest.TestCase):
    def run_commands(self, text, status=0):
        run = session()
        run.add_commands(shell(text), lambda command: status)
        return run.run()

    def test_commands_share_folder_and_environment(self):
        self.assertIsNone(self.run_commands("export A=b\necho $A > a\ngrep -q b a\n"))

    def test_a_file_that_no_command_made_is_an_error_with_its_place(self):
        self.assertIn("page.md:8: cat b", self.run_commands("touch a\ncat b\ntouch c\n"))

    def test_any_command_of_a_line_may_fail_it(self):
        self.assertIn("page.md:7: false && true", self.run_commands("false && true\ntrue\n"))

    def test_a_status_must_be_the_stated_one(self):
        self.assertIsNone(self.run_commands("(exit 65)\n", status=65))
        self.assertIn("status 0, expected 65", self.run_commands("true\n", status=65))

    def test_printed_output_must_be_what_is_printed(self):
        for printed, is_right in [("b\n3", True), ("c\n3", False), ("b", False)]:
            run = session()
            run.add_console(shell(f"$ echo b; (exit 3)\n$ echo $?\n{printed}\n", "console"))
            self.assertEqual(run.run() is None, is_right, printed)

    def test_a_program_is_a_file_and_runs(self):
        for condition, is_right in [("True", True), ("False", False)]:
            run = session()
            program = Program("a.py", "if True:\n", f"    assert {condition}\n", indent="    ", runner="python3")
            run.add_program(shell("a = 1\n", "python"), program)
            run.add_commands(shell("test -f a.py\n"), lambda command: 0)
            self.assertEqual(run.run() is None, is_right)

    def test_a_stand_in_is_there_and_home_is_another_folder(self):
        def make(target, pocketclip):
            target.write_text("x")
        run = session({"a": make, "~/.cache/b": make})
        run.add_commands(shell("cat a ~/.cache/b\ntest ! -e .cache\n"), lambda command: 0)
        self.assertIsNone(run.run())


class ClosedWorld(unittest.TestCase):
    def test_a_block_that_is_neither_run_nor_listed_is_an_error(self):
        [problem] = run_page("page.md", [shell("x", "text")], False, "/bin/true", "/bin")
        self.assertIn("page.md:7: a block that is neither run nor listed", problem)

    def test_rows_that_name_nothing_are_errors(self):
        rows = len(table.NOT_RUN) + len(table.SLOW) + len(table.PROGRAMS) + len(table.STATUS) + len(table.STAND_INS)
        self.assertEqual(len(list(unused_rows([]))), rows)


class Prose(unittest.TestCase):
    helps = {
        "": "  --version               Show.\n",
        "embed": "  -m, --model <bundle>    The bundle; not --other.\n  --text <text>           A text.\n",
    }

    def problems(self, *prose):
        return list(Mentions(self.helps).problems("page.md", prose))

    def test_what_exists_is_no_problem(self):
        self.assertEqual(self.problems(
            "`pocketclip embed -m B --text T`, `pocketclip help embed`, `pocketclip COMMAND`, `embed --text`,",
            "`--version`, `make conformance`, `make install PREFIX=/opt`, `Scripts/setup.sh`, `make", "help`, `-o`,",
            "`the --other`"), [])

    def test_what_does_not_exist_is_named(self):
        for span in ["pocketclip embed --other", "pocketclip nothing", "pocketclip help nothing", "pocketclip --model",
                     "embed --other", "--no-such" + "-option", "make nothing", "make help NOTHING=1",
                     "Scripts/nothing.sh"]:
            problems = self.problems("", f"see `{span}`")
            self.assertEqual(len(problems), 1, span)
            self.assertIn("page.md:2", problems[0])


if __name__ == "__main__":
    unittest.main()
