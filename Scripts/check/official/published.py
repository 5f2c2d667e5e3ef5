"""Figures that others published for the official checkpoints, next to PocketCLIP's."""

import json
import math
import pathlib

TABLE = pathlib.Path(__file__).with_name("published.json")


def read(path=TABLE):
    return json.loads(pathlib.Path(path).read_text())


def softmax(logits):
    powers = [math.exp(logit - max(logits)) for logit in logits]
    return [power / sum(powers) for power in powers]


def compare(entry, similarities, probabilities, logit_scale):
    """The entry's figures next to PocketCLIP's.

    `demand` holds in the quantity that it names: logits are published, and probabilities compared, by some.
    """
    logits = [logit_scale * similarity for similarity in similarities]
    stated = [float(value) for value in entry["values"]]
    found = {"logit": logits, "probability": probabilities}
    expected = {entry["quantity"]: stated}
    if entry["quantity"] == "logit":
        expected["probability"] = softmax(stated)
    quantity, ours = entry["demand"]["quantity"], found[entry["quantity"]]
    passes = all(abs(a - b) <= allowed(b, entry["demand"]) for a, b in zip(found[quantity], expected[quantity]))
    return {
        "found": ours,
        "largest_difference": max(abs(a - b) for a, b in zip(ours, stated)),
        "decimals": min(decimals(a, b) for a, b in zip(ours, entry["values"])),
        "verdict": "pass" if passes else "fail",
    }


def bound(demand):
    relative = f" + {demand['relative']:g} of the value" if "relative" in demand else ""
    return f"{demand['absolute']:g}{relative} in {demand['quantity']}"


def allowed(expected, demand):
    return demand["absolute"] + demand.get("relative", 0) * abs(expected)


def decimals(found, stated):
    """To how many decimals, of those that are stated, both numbers round to the same."""
    most = len(stated.partition(".")[2])
    return max((count for count in range(most + 1) if round(found, count) == round(float(stated), count)), default=0)
