"""Writes Sources/SyntheticWeights/ProbeText.swift from probe-texts.json. No dependency."""

import json
import pathlib
import textwrap

HERE = pathlib.Path(__file__).resolve().parent
TARGET = HERE.parents[1] / "Sources" / "SyntheticWeights" / "ProbeText.swift"
HEAD = '''// Made by Fixtures/golden/make_probe_texts_swift.py.

/// A probe text and its ids from start of text to end of text, by OpenAI's own tokenizer.
struct ProbeText {
  var text: String
  var ids: [Int32]

  static let all = [
'''


def probe(entry):
    text = json.dumps(entry["text"], ensure_ascii=False)
    if len(text) > 90:
        pieces = textwrap.wrap(entry["text"], 90, drop_whitespace=False)
        text = " \\\n".join(piece.rstrip(" ") if piece is not pieces[-1] else piece for piece in pieces)
        text = '"""\n' + textwrap.indent(text, " " * 8) + '\n        """'
    ids = textwrap.fill(", ".join(map(str, entry["ids"])) + ",", 100, initial_indent=" " * 8, subsequent_indent=" " * 8)
    return f"    ProbeText(\n      text: {text},\n      ids: [\n{ids}\n      ]),\n"


if __name__ == "__main__":
    entries = json.loads((HERE / "probe-texts.json").read_text())["texts"]
    TARGET.write_text(HEAD + "".join(map(probe, entries)) + "  ]\n}\n")
