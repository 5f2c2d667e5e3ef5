"""Reads the output of `pocketclip verify --json`."""


def worst_cosines(report):
    """Every worst cosine in a report."""
    if isinstance(report, dict):
        for key, value in report.items():
            if key in ("worstCosine", "worst_cosine"):
                yield value
            else:
                yield from worst_cosines(value)
    elif isinstance(report, list):
        for value in report:
            yield from worst_cosines(value)
