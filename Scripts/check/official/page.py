"""The results in docs/OFFICIAL.md and the sentence in README.md: generated from a report."""

import json
import re

BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"
LINK = "(docs/OFFICIAL.md): results on OpenAI's nine checkpoints. "
NOT_RUN = "Not yet run on official weights."


def status(report, count):
    """One sentence."""
    if report is None:
        return NOT_RUN
    models = report["models"]
    failed = [entry["name"] for entry in models if entry["verdict"] != "pass"]
    outcome = f"{', '.join(failed)} failed" if failed else "passed"
    judged = sum(any(figure["verdict"] in ("pass", "fail") for figure in entry["published"]) for entry in models)
    compared = f"published figures compared on {judged}" if judged else "no published figure was compared"
    return f"Run on {report['date']} on {len(models)} of {count} checkpoints: {outcome}; {compared}."


def results(report, count):
    """The lines between the marks."""
    if report is None:
        return [f"**{NOT_RUN}** This command fills the page in:", "",
                "    make build && sh Scripts/check/official.sh run && "
                "sh Scripts/check/official.sh render .official/report.json"]
    tool, machine = report["tool"], report["machine"]
    return [
        f"**{status(report, count)}** PocketCLIP {tool['version']}, commit {tool['commit']}, kernels "
        f"{tool['instruction_set']}; {machine['cores']} cores of {machine['processor']}, "
        f"{machine['memory_byte_count'] / 1e9:.0f} GB, {machine['distribution']}. Figures: `docs/official.json`.",
        "", *models(report), "", *bundles(report), "", *figures(report),
    ]


def row(*cells):
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def models(report):
    lines = [row("checkpoint", "MB", "SHA-256", "architecture", "seconds", "verdict"), row(*["---"] * 6)]
    for entry in report["models"]:
        lines.append(row(
            entry["name"], megabytes(entry), f"`{entry['sha256'][:16]}…`",
            entry.get("inspection", {}).get("architecture", "-"), f"{entry['seconds']:.0f}",
            "; ".join([entry["verdict"], *entry["failures"]])))
    return lines


def bundles(report):
    lines = [row("checkpoint", "precision", "arithmetic", "reference", "image cosine mean / worst",
                 "text cosine mean / worst", "MB", "convert s", "peak MB", "bundle id"), row(*["---"] * 10)]
    for entry in report["models"]:
        for bundle in entry["bundles"]:
            if bundle["outcome"] == "refused":
                lines.append(row(entry["name"], bundle["precision"], f"refused: {bundle['message']}", *["-"] * 7))
            for measurement in bundle.get("measurements", []):
                bound = "" if bundle["outcome"] == "written" else ", `--min-cosine 0`"
                lines.append(row(
                    entry["name"], bundle["precision"] + bound, measurement["arithmetic"], measurement["reference"],
                    *(cosines(measurement.get(tower)) for tower in ("image", "text")), megabytes(bundle),
                    f"{bundle['convert_seconds']:.1f}", f"{bundle['peak_byte_count'] / 1e6:.0f}",
                    f"`{bundle['bundle_id'][:16]}…`"))
    return lines


def figures(report):
    lines = [row("checkpoint", "precision", "published by", "image", "quantity", "published", "found",
                 "largest difference", "equal decimals", "verdict"), row(*["---"] * 10)]
    for entry in report["models"]:
        for figure in entry["published"]:
            found = " ".join(f"{value:.7f}" for value in figure.get("found", [])) or figure.get("reason", "-")
            lines.append(row(
                entry["name"], figure["precision"], f"[{figure['source']}]({figure['url']})", figure["image"],
                figure["quantity"], " ".join(figure["values"]), found, difference(figure),
                figure.get("decimals", "-"), figure["verdict"]))
    return lines


def megabytes(entry):
    return f"{entry['byte_count'] / 1e6:.1f}" if "byte_count" in entry else "-"


def cosines(tower):
    return f"{tower['mean_cosine']:.6f} / {tower['worst_cosine']:.6f}" if tower else "-"


def difference(figure):
    return f"{figure['largest_difference']:.1e}" if "largest_difference" in figure else "-"


def page(text, report, count):
    """docs/OFFICIAL.md with these results."""
    before, rest = text.split(BEGIN)
    return "\n".join([before + BEGIN, "", *results(report, count), "", END + rest.split(END)[1]])


def readme(text, report, count):
    return re.sub(re.escape(LINK) + ".*", lambda _: LINK + status(report, count), text)


def committed(root):
    """The report that the page shows; none before the first run."""
    path = root / "docs/official.json"
    return json.loads(path.read_text()) if path.exists() else None


def write(root, report_path, models):
    report, count = json.loads(report_path.read_text()), len(models)
    known = {(model.name, model.sha256) for model in models}
    for entry in report["models"]:
        if (entry["name"], entry["sha256"]) not in known:
            raise SystemExit(f"official.sh: {report_path}: {entry['name']} with SHA-256 {entry['sha256']} is no official "
                             "checkpoint; give the report of a run without --catalogue")
    (root / "docs/official.json").write_text(json.dumps(report, indent=1) + "\n")
    for name, made in (("docs/OFFICIAL.md", page), ("README.md", readme)):
        path = root / name
        path.write_text(made(path.read_text(), report, count))
    print(f"docs/OFFICIAL.md, docs/official.json and README.md: {status(report, count)}")
