#!/usr/bin/env python3
"""Trains small tokenizers with the options of the published ones and writes the ids that the original libraries give.

    python3 Scripts/golden/make_tokenizers.py [FOLDER]        (default: Fixtures/tokenizer/tables)

Needs sentencepiece 0.2.3, tokenizers 0.23.3, transformers 5.23.0 and protobuf (no torch). The character map of the
SentencePiece models is the part of sentencepiece's own nmt_nfkc that the texts need, because the complete one has
240 KB; Scripts/check/differential compares models with the complete map.
"""

import base64
import json
import pathlib
import string
import sys
import tempfile

import sentencepiece
import tokenizers
import transformers
from sentencepiece import sentencepiece_model_pb2
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers.models.gemma.tokenization_gemma import GemmaTokenizer
from transformers.models.siglip.tokenization_siglip import SiglipTokenizer
from transformers.models.siglip2.tokenization_siglip2 import Siglip2Tokenizer

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import tokenizer_texts as texts

LENGTH = 64


def map_rules():
    """Rows of nmt_nfkc as sentencepiece itself applies them: single scalars, and letters with marks."""
    normalizer = sentencepiece.SentencePieceNormalizer(rule_name="nmt_nfkc", add_dummy_prefix=False, escape_whitespaces=False,
                                                      remove_extra_whitespaces=False)
    blocks = [range(1, 0x250), range(0x300, 0x460), range(0x1E00, 0x2100), range(0x2100, 0x2190), range(0x2460, 0x2480),
              range(0x3000, 0x3100), range(0xFB00, 0xFB07), range(0xFE00, 0xFE10), [0xFEFF], range(0xFF01, 0xFF5F)]
    keys = [chr(value) for block in blocks for value in block]
    keys += [letter + mark for letter in string.ascii_letters for mark in "\u0300\u0301\u0302\u0308\u0327"]
    for key in keys:
        value = normalizer.normalize(key)
        if value != key:
            yield "\t".join(" ".join(f"{ord(scalar):X}" for scalar in side) for side in (key, value))


def train(folder, name, lines, **options):
    rules = folder / "rules.tsv"
    rules.write_text("\n".join(map_rules()) + "\n")
    if options.get("normalization_rule_name") == "part":
        del options["normalization_rule_name"]
        options["normalization_rule_tsv"] = str(rules)
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_prefix=str(folder / name), num_threads=1, minloglevel=2, **options)
    message = proto((folder / f"{name}.model").read_bytes())
    # Paths of this machine.
    message.trainer_spec.model_prefix = name
    message.normalizer_spec.normalization_rule_tsv = ""
    return message.SerializeToString(deterministic=True)


def t5(folder, lines, rule="part", size=600, **options):
    """SigLIP's c4_en: unigram, pad 0, end 1, unknown 2."""
    return train(folder, "t5", lines, model_type="unigram", vocab_size=size, pad_id=0, eos_id=1, unk_id=2, bos_id=-1,
                 normalization_rule_name=rule, character_coverage=0.9995, **options)


def gemma(folder, lines, size=1100, **options):
    """Byte pairs of Gemma: bytes, user-defined runs of line feeds and marks, no prefix."""
    symbols = ["<mask>"] + ["\n" * count for count in (1, 2, 3)] + ["\u2581" * count for count in (2, 3, 4, 5)] + ["<table>", "<td>"]
    return train(folder, "gemma", lines, model_type="bpe", vocab_size=size, byte_fallback=True, split_digits=True,
                 normalization_rule_name="identity", add_dummy_prefix=False, remove_extra_whitespaces=False,
                 allow_whitespace_only_pieces=True, pad_id=0, eos_id=1, bos_id=2, unk_id=3,
                 pad_piece="<pad>", eos_piece="<eos>", bos_piece="<bos>", user_defined_symbols=symbols,
                 character_coverage=0.9995, **options)


def xlmv(folder, lines, rule="part", size=500, **options):
    """XLM-V: unigram, <unk> 0, <s> 1, </s> 2."""
    return train(folder, "xlmv", lines, model_type="unigram", vocab_size=size, normalization_rule_name=rule,
                 character_coverage=0.9995, **options)


def proto(model):
    message = sentencepiece_model_pb2.ModelProto()
    message.ParseFromString(model)
    return message


def unigram_json(model, added, template, unk_id, vocabulary=None, split_spaces=False):
    """The tokenizer.json that transformers' SpmConverter writes."""
    message = proto(model)
    vocabulary = vocabulary or [(piece.piece, piece.score) for piece in message.pieces]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=unk_id, byte_fallback=False))
    steps = [normalizers.Precompiled(message.normalizer_spec.precompiled_charsmap)]
    if not split_spaces:
        steps += [normalizers.Strip(left=False, right=True), normalizers.Replace(Regex(" {2,}"), "\u2581")]
    tokenizer.normalizer = normalizers.Sequence(steps) if len(steps) > 1 else steps[0]
    metaspace = pre_tokenizers.Metaspace(replacement="\u2581", prepend_scheme="always")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), metaspace]) if split_spaces else metaspace
    tokenizer.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in added])
    ids = {token: tokenizer.token_to_id(token) for token in added}
    tokenizer.post_processor = processors.TemplateProcessing(single=template, pair=None or template + " $B", special_tokens=[
        (token, ids[token]) for token in added if token in template])
    return tokenizer


def merges(vocabulary, scores):
    """The merges of transformers' `generate_merges`."""
    from transformers.convert_slow_tokenizer import generate_merges
    return generate_merges(vocabulary, scores)


def gemma_json(model, scored=True):
    message = proto(model)
    vocabulary = {piece.piece: index for index, piece in enumerate(message.pieces)}
    scores = {piece.piece: piece.score for piece in message.pieces}
    tokenizer = Tokenizer(models.BPE(vocabulary, merges(vocabulary, scores if scored else None), unk_token="<unk>", fuse_unk=True,
                                     byte_fallback=True, dropout=None))
    tokenizer.normalizer = normalizers.Replace(" ", "\u2581")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.add_tokens([AddedToken(piece.piece, normalized=False, special=piece.type != 4)
                          for piece in message.pieces if piece.type in (2, 3, 4)])
    tokenizer.post_processor = processors.TemplateProcessing(single="$A <eos>", pair="$A $B <eos>", special_tokens=[("<eos>", 1)])
    return tokenizer


def lowercased(tokenizer):
    """The same with transformers' step for SigLIP 2."""
    copy = Tokenizer.from_str(tokenizer.to_str())
    copy.normalizer = normalizers.Sequence([normalizers.Lowercase(), copy.normalizer])
    return copy


def fitted(ids, end, pad):
    """big_vision: `eos="sticky"`, a length of 64."""
    ids = ids[:LENGTH - 1] + [end]
    return ids + [pad] * (LENGTH - len(ids))


def ascii_lower(text):
    """`tf.strings.lower`."""
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in text)


def canonicalized(text):
    """`canonicalize_text` of open_clip 3.3.0, after character references and composition."""
    import html
    import unicodedata
    text = unicodedata.normalize("NFC", html.unescape(html.unescape(text)))
    text = text.replace("_", " ").translate(str.maketrans("", "", string.punctuation)).lower()
    return " ".join(text.split()).strip()


def siglip(path):
    return SiglipTokenizer(vocab_file=str(path), model_max_length=LENGTH)


def encoders(folder):
    """By the name of a golden list: the file, and a function from a text to ids."""
    load = lambda name: sentencepiece.SentencePieceProcessor(model_file=str(folder / name))
    plain = lambda name: Tokenizer.from_file(str(folder / name))
    t5_model, gemma_model, xlmv_model = load("t5.model"), load("gemma.model"), load("xlmv.model")
    hugging_face = siglip(folder / "t5.model")
    json_of = {name: plain(name) for name in ("t5.json", "gemma.json", "gemma-unscored.json", "gemma-lower.json", "xlmv.json")}
    offset = lambda ids: [0] + [3 if value == 0 else value + 1 for value in ids] + [2]
    result = {
        "t5.model plain": ("t5.model", t5_model.encode),
        "t5.model SiglipTokenizer": ("t5.model", lambda text: hugging_face(
            text, padding="max_length", truncation=True, max_length=LENGTH)["input_ids"]),
        "t5.model big_vision": ("t5.model", lambda text: fitted(t5_model.encode(ascii_lower(text)), 1, 1)),
        "t5.model canonicalized": ("t5.model", lambda text: fitted(t5_model.encode(canonicalized(text)), 1, 1)),
        "gemma.model plain": ("gemma.model", gemma_model.encode),
        "gemma.model big_vision": ("gemma.model", lambda text: fitted(gemma_model.encode(ascii_lower(text)), 1, 0)),
        "xlmv.model fairseq": ("xlmv.model", lambda text: offset(xlmv_model.encode(text))),
    }
    for name, tokenizer in json_of.items():
        result[f"{name} plain"] = (name, lambda text, tokenizer=tokenizer: tokenizer.encode(text).ids)
    result["t5.json canonicalized"] = ("t5.json", lambda text: fitted(
        json_of["t5.json"].encode(canonicalized(text), add_special_tokens=False).ids, 1, 1))
    return result


def write_files(folder):
    lines = list(texts.corpus(7, 6000))
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        t5_model, gemma_model, xlmv_model = t5(scratch, lines), gemma(scratch, lines), xlmv(scratch, lines)
    save_files(folder, t5_model, gemma_model, xlmv_model)


def save_files(folder, t5_model, gemma_model, xlmv_model):
    (folder / "t5.model").write_bytes(t5_model)
    (folder / "gemma.model").write_bytes(gemma_model)
    (folder / "xlmv.model").write_bytes(xlmv_model)
    unigram_json(t5_model, ["<pad>", "</s>", "<unk>"], "$A </s>", 2).save(str(folder / "t5.json"), pretty=False)
    pieces = [(piece.piece, piece.score) for piece in proto(xlmv_model).pieces]
    vocabulary = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)] + pieces[3:] + [("<mask>", 0.0)]
    unigram_json(xlmv_model, ["<s>", "<pad>", "</s>", "<unk>", "<mask>"], "<s> $A </s>", 3, vocabulary, split_spaces=True).save(
        str(folder / "xlmv.json"), pretty=False)
    scored = gemma_json(gemma_model)
    scored.save(str(folder / "gemma.json"), pretty=False)
    gemma_json(gemma_model, scored=False).save(str(folder / "gemma-unscored.json"), pretty=False)
    lowercased(scored).save(str(folder / "gemma-lower.json"), pretty=False)


def check_transformers(folder):
    """The files above give the ids of transformers' own classes."""
    options = dict(unk_token="<unk>", bos_token="<bos>", eos_token="<eos>", pad_token="<pad>")
    for kind, name in ((GemmaTokenizer, "gemma.json"), (Siglip2Tokenizer, "gemma-lower.json")):
        own = kind(tokenizer_file=str(folder / "gemma.json"), **options)
        plain = Tokenizer.from_file(str(folder / name))
        for text in texts.GOLDEN:
            ids = plain.encode(text, add_special_tokens=False).ids
            if own(text, add_special_tokens=False)["input_ids"] != ids:
                print(f"{kind.__name__} differs from {name}: {text!r}", file=sys.stderr)


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else root / "Fixtures/tokenizer/tables"
    folder.mkdir(parents=True, exist_ok=True)
    write_files(folder)
    check_transformers(folder)
    inputs = [text.encode() for text in texts.GOLDEN] + texts.ILL_FORMED
    goldens = {name: {"file": file, "ids": [list(encode(text.decode(errors="replace"))) for text in inputs]}
               for name, (file, encode) in encoders(folder).items()}
    document = {"versions": {"sentencepiece": sentencepiece.__version__, "tokenizers": tokenizers.__version__,
                             "transformers": transformers.__version__},
                "texts": [base64.b64encode(text).decode() for text in inputs], "goldens": goldens}
    (folder / "goldens.json").write_text(json.dumps(document, separators=(",", ":")).replace("],[", "],\n[") + "\n")


if __name__ == "__main__":
    main()
