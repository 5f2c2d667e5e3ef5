"""Writes probe-texts.json: the probe texts and their token ids through OpenAI's own tokenizer.

Needs the environment of Scripts/environments/venv-goldens.sh.
"""

import importlib.metadata
import json
import pathlib

import clip

TEXTS = [
    "",
    "dog",
    "a photo of a cat",
    "a diagram",
    "Two children in yellow raincoats jump into a puddle, and the older one is laughing.",
    "A plate of spaghetti with tomato sauce, basil & parmesan next to a glass of red wine (close-up, 50mm)",
    "the view from a café window in Zürich at dusk: rain, tram lines, umbrellas, and a blurred row of street lamps",
    "A long caption such as people write for accessibility: in the foreground an old fisherman mends a green net "
    "on a wooden pier; behind him three small boats, painted red, white and blue, lie in calm water; on the right "
    "a stone lighthouse stands at the end of a breakwater, and above everything the evening sky turns from orange "
    "to violet while a single gull flies towards the open sea and the first lights of the village come on.",
]


def main() -> None:
    rows = clip.tokenize(TEXTS, truncate=True).tolist()
    probes = []
    for text, row in zip(TEXTS, rows, strict=True):
        length = row.index(49407) + 1
        probes.append({"text": text, "count": length, "ids": row[:length]})
    document = {
        "tokenizer": f"clip-anytorch {importlib.metadata.version('clip-anytorch')}, clip.tokenize(truncate=True)",
        "texts": probes,
    }
    path = pathlib.Path(__file__).with_name("probe-texts.json")
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n")
    print(path.name, [probe["count"] for probe in probes])


if __name__ == "__main__":
    main()
