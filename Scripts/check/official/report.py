"""The report of a run: figures alone, no image and no weight. Schemas/official.schema.json describes it."""

import datetime
import json
import os
import pathlib
import platform
import re
import subprocess

import download
from catalogue import ROOT


def facts(tool):
    """The conditions of the figures besides the checkpoints."""
    info = tool.run("info")
    return {
        "tool": {"version": info["tool_version"], "sha256": download.sha256(tool.path), "commit": commit(),
                 "instruction_set": info["instruction_set"]},
        "machine": {"processor": processor(), "cores": len(os.sched_getaffinity(0)),
                    "memory_byte_count": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
                    "system": f"{platform.system()} {platform.release()} {platform.machine()}",
                    "distribution": distribution()},
    }


def commit():
    """Of the clone that holds this script; `-dirty` if it has changes."""
    result = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],
                            capture_output=True, text=True)
    return result.stdout.strip() or "unknown"


def processor():
    model = re.search(r"^model name\s*: (.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    return model[1] if model else platform.machine()


def distribution():
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return "unknown"


class Report:
    """Written after each model, so that an interrupted run can continue."""

    def __init__(self, path, facts, models, needs_figures):
        self.path, self.models, self.facts = path, models, facts
        self.entries = {entry["name"]: entry for entry in self.earlier(needs_figures)}

    def earlier(self, needs_figures):
        """What the same program measured on the same checkpoints, and passed; all published figures compared, if needed."""
        if not self.path.exists():
            return []
        earlier = json.loads(self.path.read_text())
        if any(earlier["tool"][key] != self.facts["tool"][key] for key in ("sha256", "instruction_set")):
            return []
        digests = {model.name: model.sha256 for model in self.models}
        return [entry for entry in earlier["models"]
                if entry["verdict"] == "pass" and digests.get(entry["name"]) == entry["sha256"]
                and not (needs_figures and any(figure["verdict"] == "not compared" for figure in entry["published"]))]

    def has(self, model):
        return model.name in self.entries

    def add(self, entry):
        self.entries[entry["name"]] = entry
        text = json.dumps(self.content, indent=1) + "\n"
        unfinished = self.path.with_suffix(".tmp")
        unfinished.write_text(text)
        os.replace(unfinished, self.path)

    @property
    def content(self):
        models = [self.entries[model.name] for model in self.models if self.has(model)]
        failed = any(entry["verdict"] != "pass" for entry in models)
        is_complete = len(models) == len(self.models)
        return {"schema": "pocketclip.official", "version": 1,
                "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
                "verdict": "fail" if failed else "pass" if is_complete else "incomplete",
                **self.facts, "models": models}


def without_measurement(model, reason):
    """The entry of a checkpoint that could not be downloaded."""
    return {"name": model.name, "file": model.file, "sha256": model.sha256, "bundles": [], "published": [],
            "failures": [reason], "verdict": "fail", "seconds": 0.0}
