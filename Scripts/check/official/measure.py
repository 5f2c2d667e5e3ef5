"""Measures one checkpoint: inspect, then convert, verify and compare at each precision."""

import time

import download
import published
from tool import Refusal

PRECISIONS = ("fp32", "fp16", "int8")
NOT_CLOSE_ENOUGH = 1  # exit status of a conversion that is refused for its precision
JUDGED = "fp32"  # published figures were computed in FP32: figures of other precisions are recorded, not checked


def model(tool, official, checkpoint, folder, comparisons, keeps, say):
    """The report's entry for one checkpoint whose SHA-256 is right; `failures` lists the problems."""
    started = time.monotonic()
    failures = [comparison["failure"] for comparison in comparisons if "failure" in comparison]
    entry = {"name": official.name, "file": official.file, "sha256": official.sha256,
             "byte_count": checkpoint.stat().st_size, "bundles": [], "published": []}
    try:
        entry["inspection"] = inspection(tool, official, checkpoint, failures)
        precisions = PRECISIONS
    except Refusal as refusal:
        failures.append(f"inspect: {refusal}")
        precisions = ()
    for precision in precisions:
        say(f"{official.name}: {precision}")
        path = folder / f"{checkpoint.stem}-{precision}.pclip"
        may_refuse = precision == "int8" and official.may_refuse_int8
        entry["bundles"] += bundle(tool, checkpoint, path, precision, may_refuse, failures)
        if path.exists():
            entry["published"] += [compared(tool, path, precision, comparison, failures) for comparison in comparisons]
            if not keeps:
                path.unlink()
    entry.update(failures=failures, verdict="fail" if failures else "pass", seconds=time.monotonic() - started)
    return entry


def inspection(tool, official, checkpoint, failures):
    answer = tool.run("inspect", checkpoint)
    failures += [f"inspect: {problem['message']}" for problem in answer["problems"]]
    if answer["architecture"] != official.name:
        failures.append(f"inspect: architecture {answer['architecture']}, expected {official.name}")
    keys = ("architecture", "format", "convention", "parameter_count", "tensor_count", "towers", "decisions")
    return {key: answer[key] for key in keys}


def bundle(tool, checkpoint, path, precision, may_refuse, failures):
    """One entry; two if `convert` refuses as documented: it then runs again without bounds."""
    convert = ("convert", checkpoint, "-o", path, "--precision", precision, "--force")
    try:
        converted = tool.run(*convert)
    except Refusal as refusal:
        entry = {"precision": precision, "outcome": "refused", "status": refusal.status, "message": str(refusal)}
        if not may_refuse or refusal.status != NOT_CLOSE_ENOUGH:
            failures.append(f"{precision}: convert: {refusal}")
            return [entry]
        return [entry, *unbounded(tool, convert, path, precision, failures)]
    entry = written(converted, path, precision)
    try:
        verified = tool.run("verify", path, "--against", checkpoint)
        entry.update(verify_seconds=verified["seconds"], measurements=measurements(verified["reports"]))
        if verified["verdict"] != "pass":
            reasons = [reason for report in verified["reports"] for reason in report["reasons"]]
            failures.append(f"{precision}: verify: {'; '.join([verified['verdict'], *reasons])}")
    except Refusal as refusal:
        failures.append(f"{precision}: verify: {refusal}")
    return [entry]


def unbounded(tool, convert, path, precision, failures):
    try:
        converted = tool.run(*convert, "--min-cosine", "0")
    except Refusal as refusal:
        failures.append(f"{precision} --min-cosine 0: convert: {refusal}")
        return []
    entry = written(converted, path, precision)
    entry.update(outcome="written with --min-cosine 0", measurements=measurements(converted["fidelity"]))
    return [entry]


def written(converted, path, precision):
    return {"precision": precision, "outcome": "written", "byte_count": converted["byte_count"],
            "bundle_id": converted["bundle_id"], "sha256": download.sha256(path),
            "convert_seconds": sum(converted["seconds"].values()),
            "peak_byte_count": converted.get("peak_byte_count", 0)}


def measurements(reports):
    """Cosines to the FP32 reference, one entry per arithmetic."""
    return [{"arithmetic": report["thresholds"]["name"].split(",")[0], "reference": report["reference"],
             "verdict": report["verdict"], **{tower: cosines(report[tower]["metrics"]) for tower in ("image", "text") if tower in report}}
            for report in reports]


def cosines(metrics):
    return {key: metrics[key] for key in ("mean_cosine", "worst_cosine", "maximum_absolute")}


def compared(tool, path, precision, comparison, failures):
    """A published figure next to that of this bundle."""
    entry = {**comparison["entry"], "precision": precision}
    if "image" not in comparison:
        return {**entry, "verdict": "not compared", "reason": comparison["missing"]}
    labels = [argument for label in entry["labels"] for argument in ("--label", label)]
    try:
        answer = tool.run("classify", "-m", path, comparison["image"], *labels, "--top", len(entry["labels"]))
        scores = {score["label"]: score for score in answer["images"][0]["labels"]}
        if len(scores) != len(entry["labels"]):
            raise Refusal(1, answer["images"][0].get("error", "not every label has a score"))
        scale = tool.run("info", path)["bundle"]["logit_scale"]
    except Refusal as refusal:
        failures.append(f"{precision}: classify {entry['image']}: {refusal}")
        return {**entry, "verdict": "not compared", "reason": str(refusal)}
    ordered = [scores[label] for label in entry["labels"]]
    result = published.compare(
        entry, [score["similarity"] for score in ordered], [score["probability"] for score in ordered], scale)
    if precision != JUDGED:
        result["verdict"] = "recorded"
    elif result["verdict"] == "fail":
        found = " ".join(f"{value:.7f}" for value in result["found"])
        failures.append(f"{precision}: {entry['source']}: expected {' '.join(entry['values'])}, found {found}, allowed "
                        f"{published.bound(entry['demand'])}")
    return {**entry, **result}
