"""Tests of Scripts/check/differential: what counts as a difference between two listings, and how listings are read."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "differential"))
import comparison  # noqa: E402
import listings  # noqa: E402

LINES = "F\t0\nT\ta/x\tF32\t2,3\t1f\t2e\nI\tstep\nE\taccepted\n"


def listing(old="", new=""):
    return listings.parse(LINES.replace(old, new) if old else LINES)[0]


class Comparison(unittest.TestCase):
    def found(self, old, new, ours=("", "")):
        return comparison.difference(listing(*ours), listing(old, new))

    def test_the_same_is_no_difference(self):
        self.assertIsNone(self.found("", ""))

    def test_each_part_of_a_tensor_is_compared(self):
        self.assertEqual(self.found("F32", "F16"), "type F32 here, F16 there")
        self.assertEqual(self.found("2,3", "3,2"), "shapes")
        self.assertEqual(self.found("1f", "1e"), "values of F32")
        self.assertEqual(self.found("2e", "2f"), "values of F32")

    def test_a_checksum_that_one_side_does_not_state_is_not_compared(self):
        self.assertIsNone(self.found("1f", "-"))

    def test_names_are_compared_in_both_directions(self):
        self.assertEqual(self.found("a/x", "a/y"), "ours lists a tensor that theirs lacks")
        more = "E\taccepted", "T\tb\tF32\t\t0\t0\nE\taccepted"
        self.assertEqual(self.found(*more), "theirs lists a tensor that ours lacks")
        self.assertIsNone(self.found("E\taccepted", "T\tstep/1\tF32\t\t0\t0\nE\taccepted"))
        self.assertEqual(self.found("I\tstep", "L\tstep"), "a link that ours does not mention")

    def test_a_refusal_counts_on_their_side_alone(self):
        refused = "E\taccepted", "E\trefused\tbecause"
        self.assertEqual(self.found(*refused), "only ours accepts; theirs refused: because")
        self.assertIsNone(self.found("", "", ours=refused))
        self.assertEqual(self.found("", "", ours=("E\taccepted", "E\tcrashed\tx")), "our reader crashed")

    def test_a_listing_without_outcome_is_a_crash(self):
        self.assertEqual(listings.parse("F\t0\nT\tx\tF32\t\t0\t0\n")[0].outcome, "crashed")

    def test_a_refusal_has_a_reason_and_a_place_where_the_program_says_them(self):
        found = [listings.parse("F\t0\nE\trefused" + more)[0] for more in ("\tbecause\ta/x", "\tbecause", "")]
        self.assertEqual([(each.reason, each.place) for each in found], [("because", "a/x"), ("because", ""), ("", "")])

    def test_a_program_that_ends_early_is_started_again_behind_that_file(self):
        script = ("import sys\ndata = open(sys.argv[1], 'rb').read()\n"
                  "print('F\\t0', flush=True)\nif data[4:5] == b'!': sys.exit(3)\nprint('E\\taccepted')\n"
                  "if len(data) > 5: print('F\\t1', flush=True); sys.exit(3)\n")
        found = listings.Run([sys.executable, "-c", script], [b"a", b"!", b"b"]).finish()
        self.assertEqual([each.outcome for each in found], ["accepted", "crashed", "accepted"])


if __name__ == "__main__":
    unittest.main()
