"""Tests of Benchmarks/peers that need no engine: which entrants run, peaks, ratios, tables.

    python3 -m unittest discover -s Scripts/check -p '*_tests.py'
"""

import os
import pathlib
import subprocess
import sys
import unittest

BENCHMARKS = pathlib.Path(__file__).resolve().parents[2] / "Benchmarks"
sys.path.insert(0, str(BENCHMARKS))
from peers import builds, cases, report, rounds

PEAK = {"fp32": 100e9, "bf16": 50e9, "int8": 400e9, "int16": 200e9, "bf16_tiles": 1000e9, "int8_tiles": 2000e9,
        "memory": 1e9}
NO_TILES = PEAK | {"bf16_tiles": 0, "int8_tiles": 0}
REFUSED = """
import ctypes, sys
sys.path.insert(0, sys.argv[1])
from peers import amx
request = lambda: (amx.LIBC.syscall(amx.ARCH_PRCTL, amx.ARCH_REQ_XCOMP_PERM, amx.XTILE_DATA), ctypes.get_errno())
amx.refuse()
print(request(), amx.permitted())
"""


def measured(milliseconds):
    """A case as `rounds.race` returns it: {engine: [milliseconds per round]} at batch 1."""
    return {"peak": PEAK, "operations": 1e9,
            "engines": {engine: {"worst_cosine": 0.999} for engine in milliseconds},
            "batches": {1: {engine: rounds.summary([[each / 1000] for each in times], 1)
                            for engine, times in milliseconds.items()}}}


class Entrants(unittest.TestCase):
    def test_every_engine_has_a_precision(self):
        self.assertEqual({engine for case in cases.CASES.values() for engine in case.engines}, set(cases.PRECISIONS))

    def test_only_engines_that_may_use_amx_are_measured_without_it(self):
        self.assertEqual(cases.with_refusals(("pocketclip-fp16", "openvino-fp32", "openvino-int8")),
                         ("pocketclip-fp16", "pocketclip-fp16-without-amx", "openvino-fp32", "openvino-int8",
                          "openvino-int8-without-amx"))


class Peaks(unittest.TestCase):
    def test_peak_is_that_of_the_factors(self):
        peaks = {engine: report.peak_of(engine, NO_TILES) / 1e9 for engine in cases.PRECISIONS}
        self.assertEqual((peaks["pocketclip-int8"], peaks["pocketclip-exact"]), (400, 200))
        self.assertEqual((peaks["pocketclip-fp16"], peaks["openvino-default"], peaks["torch-fp32"]), (100, 50, 100))

    def test_tiles_count_unless_they_are_refused(self):
        for engine, with_tiles, without in (("openvino-int8", 2000, 400), ("pocketclip-exact", 1000, 200),
                                            ("openvino-bf16", 1000, 50), ("pocketclip-fp16", 100, 100)):
            self.assertEqual(report.peak_of(engine, PEAK) / 1e9, with_tiles)
            self.assertEqual(report.peak_of(engine + cases.WITHOUT_AMX, PEAK) / 1e9, without)

    def test_without_bf16_openvino_chooses_fp32(self):
        self.assertEqual(report.peak_of("openvino-default", NO_TILES | {"bf16": 0}), 100e9)
        self.assertEqual(report.peak_of("openvino-bf16", NO_TILES | {"bf16": 0}), 0)


class Ratios(unittest.TestCase):
    TIMES = {"pocketclip-int8": [10, 10, 20, 10, 10], "openvino-int8": [20, 20, 40, 30, 10],
             "onnxruntime-dynamic": [50] * 5,
             "pocketclip-int8-without-amx": [40] * 5, "openvino-int8-without-amx": [80] * 5}

    def test_ratios_are_paired_and_within_the_same_kind(self):
        with_amx, without = report.headline(report.rows("b32-image", measured(self.TIMES)))
        self.assertEqual((with_amx["peer"]["engine"], with_amx["ratios"], with_amx["ratio_of_minima"]),
                         ("openvino-int8", [2, 2, 2], 1))
        self.assertEqual((without["peer"]["engine"], without["ratios"]), ("openvino-int8-without-amx", [2, 2, 2]))
        self.assertIn("| ViT-B/32 image, int8, without AMX | 1 | 40.00 | openvino-int8 80.00 | 2.00 |",
                      report.headline_table([without]))

    def test_peers_that_never_use_amx_are_compared_in_both_kinds(self):
        times = {"pocketclip-fp16": [10], "pocketclip-fp16-without-amx": [20], "openvino-fp32": [40]}
        lines = report.headline(report.rows("b32-float", measured(times)))
        self.assertEqual([line["ratios"][1] for line in lines], [4, 2])

    def test_rows_state_median_quartiles_least_and_share(self):
        row = report.rows("b32-image", measured({"openvino-int8": [2, 1, 3, 4, 5]}))[0]
        self.assertEqual((row["median_ms"], row["quartiles_ms"], row["minimum_ms"]), (3, (2, 4), 1))
        self.assertAlmostEqual(row["share_of_peak"], 1e9 / 0.003 / 2000e9)

    def test_one_round_is_its_own_quartiles(self):
        self.assertEqual(rounds.quartiles([3]), [3, 3, 3])

    def test_missing_export_times_are_not_measured(self):
        self.assertIn("not measured", report.export_table({"b32-image": {}}))
        steps = {"openvino-int8": {"onnx": {"seconds": 20, "load": 0}, "openvino-int8": None}}
        self.assertIn("| openvino-int8 | not measured |", report.export_table({"b32-image": {"exports": steps}}))


class Builds(unittest.TestCase):
    @staticmethod
    def line(old, new, outputs=("a", "a")):
        result = measured({"old": old, "new": new})
        for facts, hashed in zip(result["engines"].values(), outputs):
            facts["outputs"] = hashed
        return builds.lines("b32-image", "pocketclip-int8", result)[0]

    def test_slower_means_over_one_percent_in_three_of_four_pairs(self):
        self.assertEqual(self.line([100] * 8, [100.5] * 8)[1], "")
        self.assertEqual(self.line([100] * 8, [102] * 8)[1], builds.SLOWER)
        self.assertEqual(self.line([100] * 8, [102] * 4 + [99] * 4)[1], "")

    def test_line_states_ratio_and_bits(self):
        self.assertIn("| 2.000 | 2.000–2.000 | 2.000 | 0.999000 / 0.999000 | yes |", self.line([2] * 4, [1] * 4)[0])
        self.assertTrue(self.line([2] * 4, [1] * 4, ("a", "b"))[0].endswith("| no |"))

    def test_a_build_that_does_not_run_is_not_measured(self):
        result = measured({"new": [1]})
        line, problem = builds.lines("b32-image", "pocketclip-bf16", result)[0]
        self.assertIn("| pocketclip-bf16 | not measured |", line)
        self.assertEqual(problem, report.NOT_MEASURED)

    def test_bundles_of_two_tools_are_kept_apart(self):
        self.assertEqual(builds.bundles_of(None), {})
        one, other = (builds.bundles_of(BENCHMARKS / name) for name in ("README.md", "peers/builds.py"))
        self.assertNotEqual(one["PEERS_BUNDLES"], other["PEERS_BUNDLES"])
        self.assertEqual(one["POCKETCLIP"], str(BENCHMARKS / "README.md"))


@unittest.skipUnless(sys.platform == "linux" and os.uname().machine == "x86_64", "AMX is x86-64's, refused by Linux")
class Refusal(unittest.TestCase):
    def test_a_refused_process_gets_eperm_and_no_permission(self):
        output = subprocess.check_output([sys.executable, "-c", REFUSED, str(BENCHMARKS)], text=True)
        self.assertEqual(output, "(-1, 1) False\n")


if __name__ == "__main__":
    unittest.main()
