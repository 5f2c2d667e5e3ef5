"""python -m images BUNDLE: CPU time, images per second and memory of `pocketclip embed` and of decoding alone.

Every round runs all steps one after the other, in an order that rotates. CPU time is user and system time of the complete
process, less that of a run with one image, so start and opening do not count. Other work on the machine distorts CPU time
less than it distorts time, so ratios are those of CPU time; with `--threads 2` on a quiet machine both agree.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import time

from . import files

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def arguments():
    parser = argparse.ArgumentParser(prog="python -m images", description=__doc__.split("\n")[0])
    parser.add_argument("bundle")
    parser.add_argument("--tool", default=str(ROOT / ".build/release/pocketclip"), help="the measured program")
    parser.add_argument("--old-tool", help="another build, measured in the same rounds")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--isa", help="the kernels of all measured programs")
    parser.add_argument("--scaled", action="store_true", help="also measure --scaled-jpeg")
    parser.add_argument("--folder", type=pathlib.Path, default=ROOT / ".build-peers/images", help="where the files are made")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def decoder(folder):
    """The program that only decodes."""
    codecs = ROOT / "Sources/CImageCodecs"
    program = folder / "decode"
    subprocess.run([os.environ.get("CC", "cc"), "-std=c11", "-D_GNU_SOURCE", "-O2", "-w", f"-I{codecs / 'include'}", ROOT / "Benchmarks/micro/decode.c",
                    codecs / "jpeg.c", codecs / "rows.c", "-o", program, "-ljpeg", "-lpthread"], check=True)
    return str(program)


def steps(options, program):
    """name: function from files to a command line, in the order of the table."""
    def embed(tool, *extra):
        isa = ["--isa", options.isa] if options.isa else []
        return lambda paths: [tool, "embed", "--quiet", "-m", options.bundle, "--threads", str(options.threads), *isa, *extra,
                              *paths]

    result = {"decoding alone": lambda paths: [program, str(options.threads), str(len(paths)), *paths]}
    if options.old_tool:
        result["vectors, old build"] = embed(options.old_tool)
    result["vectors"] = embed(options.tool)
    if options.scaled:
        result["vectors, --scaled-jpeg"] = embed(options.tool, "--scaled-jpeg")
    return result


def measure(command):
    """(CPU seconds, seconds, megabytes) of a process."""
    begin = time.perf_counter()
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"status {process.returncode}: {' '.join(map(str, command[:6]))} …")
    return usage.ru_utime + usage.ru_stime, time.perf_counter() - begin, usage.ru_maxrss / 1e3


def race(options, commands, paths, repeats):
    """{step: [(CPU milliseconds an image, images per second, megabytes)]} by round."""
    many = [str(path) for path in paths] * repeats
    found = {name: [] for name in commands}
    names = list(commands)
    for turn in range(options.rounds):
        for name in names[turn % len(names):] + names[: turn % len(names)]:
            cpu, seconds, memory = measure(commands[name](many))
            first_cpu, first_seconds, _ = measure(commands[name](many[: options.threads]))
            more = len(many) - options.threads
            found[name].append(((cpu - first_cpu) / more * 1e3, more / max(seconds - first_seconds, 1e-9), memory))
    return found


def summary(found):
    """Of each step: medians, least CPU time, and the median over rounds of decoding's CPU time divided by its own."""
    alone = [each[0] for each in found["decoding alone"]]
    return {name: {"cpu": statistics.median(each[0] for each in rounds), "least": min(each[0] for each in rounds),
                   "rate": statistics.median(each[1] for each in rounds), "memory": statistics.median(each[2] for each in rounds),
                   "of_decoding": statistics.median(first / each[0] for first, each in zip(alone, rounds))}
            for name, rounds in found.items()}


def table(title, steps):
    lines = [f"{title}:", "", "| step | CPU ms an image | least | of decoding | images per second | MB |",
             "|---|--:|--:|--:|--:|--:|"]
    for name, step in steps.items():
        lines.append(f"| {name} | {step['cpu']:.1f} | {step['least']:.1f} | {step['of_decoding']:.0%} | {step['rate']:.1f} | "
                     f"{step['memory']:.0f} |")
    return "\n".join(lines)


def main():
    options = arguments()
    options.folder.mkdir(parents=True, exist_ok=True)
    commands = steps(options, decoder(options.folder))
    results = {}
    for title, (width, height, count) in files.SIZES.items():
        paths = files.make(options.folder / f"{width}x{height}", width, height, count)
        found = race(options, commands, paths, repeats=3 if count > 4 else 5)
        results[f"{title}, {width} × {height}, {sum(path.stat().st_size for path in paths) / count / 1e6:.2f} MB a file"] = \
            summary(found)
    if options.json:
        print(json.dumps({"threads": options.threads, "rounds": options.rounds, "load": os.getloadavg()[0], "sizes": results}))
        return
    for title, result in results.items():
        print(table(title, result), end="\n\n")
    print(f"{options.rounds} rounds, {options.threads} threads, load at the end {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
