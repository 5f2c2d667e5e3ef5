"""The matrix products alone, on one thread: the output of Benchmarks/micro/kernels.c for this machine's fastest
kernels."""

import subprocess

from . import ROOT, machine, pocketclip


def measure(_rounds, _seconds):
    modules = [ROOT / "Sources" / name for name in ("CKernels", "CPlatform", "CPeak")]
    sources = [path for module in modules for path in module.glob("*.c")]
    headers = [f"-I{module / 'include'}" for module in modules]
    program = machine.compiled("micro/kernels.c", *headers, *sources, "-lpthread")
    best = pocketclip.load().pclip_isa_name().decode()
    return subprocess.check_output(machine.command(program, best), text=True)


def table(result):
    """Rows times columns times depth; hot: weights in cache; streamed: weights from memory."""
    return f"Matrix products alone, one thread, weights hot and streamed from memory:\n\n```\n{result}```"
