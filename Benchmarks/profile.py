"""Shares of the processor time that each operation of an encoder takes, on one thread.

    python3 Benchmarks/profile.py BUNDLE [BUNDLE …] [--tower image] [--batch 16] [--arithmetic fast exact] [--isa amx]
                                  [--library build/lib/libpocketclip.so …] [--seconds 4]

Builds the library as it is shipped, but with the names of its functions (SYMBOLS=1), and samples it with `perf`: the
code that is measured is the code that users run. Prints a Markdown table: a column for each combination, the least
milliseconds per item and the shares of the samples. With several libraries, the first is the older one.
"""

import argparse
import collections
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]

ATTENTION = "attention: FP32 products, softmax, packing"
OPERATIONS = (
    (ATTENTION, r"tile_f32|f32_\d|softmax|pk_attention|attention_|pack_|normalize"),
    ("products", r"tile_|even_|u8s8|shorts_|f16_|sum_|pair_|round_weights|run_(?!group)|gemm_|copy_rest|block_at|configure_tiles"),
    ("epilogue: dequantize, bias, GELU, residual", r"finish|join_planes|pk_activate"),
    ("order of the tiles, prefetching outputs", r"run_group"),
    ("LayerNorm", r"layernorm"),
    ("ranges and quantization", r"minmax|quantize|dequantize|round_rows|pk_u8_range|pk_u16_range"),
    ("patches, pooling, embedding", r"gather|average_pixels|mean_rows|add_transposed|add_f32|embed|dot_f32|l2_"),
)
"""The first operation whose pattern the name of a function begins with. FP32 tiles are those of attention in int8 and bf16
towers; in FP16 and FP32 ones they are also products."""
OTHER = "other"


def parsed():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundles", nargs="+", type=pathlib.Path, metavar="BUNDLE")
    parser.add_argument("--tower", choices=("image", "text"), default="image")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--arithmetic", nargs="+", choices=("fast", "exact", "bf16"), default=["fast"])
    parser.add_argument("--isa", help="kernels (PCLIP_ISA); default: the fastest of this machine")
    parser.add_argument("--library", nargs="+", type=pathlib.Path, help="built with SYMBOLS=1; default: this source")
    parser.add_argument("--seconds", type=float, default=4)
    return parser.parse_args()


def operation_of(symbol):
    return next((name for name, pattern in OPERATIONS if re.match(pattern, symbol)), OTHER)


def shares(report):
    """Operation to share of the samples, from perf's lines `12.34%  [.] symbol`."""
    found = collections.Counter()
    for percent, symbol in re.findall(r"^\s*([\d.]+)%\s+\[.\]\s+(\S+)", report, re.M):
        found[operation_of(symbol)] += float(percent)
    return found


def profile(program, library, bundle, arithmetic, arguments):
    """(least milliseconds per item, shares)."""
    environment = os.environ | ({"PCLIP_ISA": arguments.isa} if arguments.isa else {})
    with tempfile.NamedTemporaryFile() as samples:
        encode = [program, library, bundle, arguments.tower, arguments.batch, arithmetic, arguments.seconds]
        recorded = subprocess.run(["perf", "record", "-q", "-e", "cpu-clock:u", "-F", "2000", "-o", samples.name, *map(str, encode)],
                                  capture_output=True, text=True, env=environment)
        if recorded.returncode:
            sys.exit(f"error: cannot profile {bundle}: {recorded.stderr.strip()}")
        report = subprocess.run(["perf", "report", "-i", samples.name, "--stdio", "--no-children", "-F", "overhead,symbol"],
                                capture_output=True, text=True, check=True)
    return float(recorded.stdout), shares(report.stdout)


def main():
    arguments = parsed()
    with tempfile.TemporaryDirectory() as work:
        program = pathlib.Path(work, "encode")
        subprocess.run(["clang", "-O1", "-I", ROOT / "Sources/CPocketCLIP/include", ROOT / "Benchmarks/micro/encode.c",
                        "-o", program, "-ldl"], check=True)
        libraries = arguments.library
        if not libraries:
            subprocess.run([ROOT / "Scripts/build/build-runtime.sh", work], env=os.environ | {"SYMBOLS": "1"},
                           stdout=subprocess.DEVNULL, check=True)
            libraries = [pathlib.Path(work, "lib/libpocketclip.so")]
        columns = [(f"{bundle.stem} {arithmetic}" + (f", build {number}" if len(libraries) > 1 else ""),
                    *profile(program, library.resolve(strict=True), bundle, arithmetic, arguments))
                   for bundle in arguments.bundles for arithmetic in arguments.arithmetic
                   for number, library in enumerate(libraries, 1)]
    print(f"| {arguments.tower}, batch {arguments.batch}, one thread | {' | '.join(title for title, _, _ in columns)} |")
    print("|---|" + "--:|" * len(columns))
    print(f"| least ms per item | {' | '.join(f'{least:.2f}' for _, least, _ in columns)} |")
    for name in (*(name for name, _ in OPERATIONS), OTHER):
        print(f"| {name} | {' | '.join(f'{found[name]:.1f}%' for _, _, found in columns)} |")


if __name__ == "__main__":
    main()
