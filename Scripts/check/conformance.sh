#!/bin/sh
# The independent reader, in Python and written from docs/BUNDLE.md alone, checks the committed bundles and fresh ones.
# Then conversions are killed at random times, and repeated with other threads and instruction sets. NumPy's synthetic
# weights are compared with the digests of Swift's tests.
#   usage: conformance.sh POCKETCLIP PYTHON
set -eu
pocketclip=$1
python=$2
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

"$python" Scripts/check/test_check_bundle.py
"$python" Fixtures/golden/check_synthetic.py

convert() { "$pocketclip" convert "$@" --force --quiet >"$out/log" 2>&1 || { cat "$out/log" >&2; exit 1; }; }

# The tiny checkpoints, and the settings that their tensors do not determine.
weights() {
  case $1 in
  vit) echo Fixtures/valid/vit.safetensors ;;
  rn) echo Fixtures/valid/rn-open-clip/open_clip_model.safetensors ;;
  sigmoid) echo Fixtures/valid/sigmoid-open-clip/open_clip_model.safetensors ;;
  esac
}
heads() { case $1 in vit) echo 1 ;; rn) echo 2,1 ;; sigmoid) echo 2 ;; esac; }

echo "fresh bundles of the tiny checkpoints and of the trained minis:"
for precision in fp32 fp16 int8; do
  for tiny in vit rn sigmoid; do
    convert "$(weights $tiny)" -o "$out/$tiny.pclip" --precision $precision --min-cosine 0 \
      --activation quickgelu --heads $(heads $tiny) --pooling highest --preprocess openai --tokenizer none
    echo "$tiny $precision: $("$python" Scripts/check/test_check_bundle.py "$out/$tiny.pclip" "$(weights $tiny)")"
  done
  for mini in mini-vit mini-rn; do
    convert Fixtures/minis/$mini.pt -o "$out/$mini.pclip" --precision $precision
    echo "$mini $precision: $("$python" Scripts/check/check_bundle.py "$out/$mini.pclip")"
  done
done

echo "the same bytes, but for provenance, from the same weights in nine forms:"
for precision in fp16 int8; do
  for form in vit-torchscript-1.7.pt vit-torchscript-2.13.pt vit-state-dict-1.7.pt vit-state-dict-2.13.pt \
    vit.safetensors vit-sharded vit-hugging-face vit-open-clip vit-training.pt; do
    convert Fixtures/valid/$form -o "$out/form.pclip" --precision $precision --min-cosine 0 \
      --activation quickgelu --heads 1 --pooling highest --preprocess openai --tokenizer none
    "$python" Scripts/check/bundle_without_provenance.py "$out/form.pclip"
  done | sort -u | wc -l | grep -qx 1 || { echo "$precision: bytes differ" >&2; exit 1; }
  echo "$precision: yes"
done

echo "the same bytes from one thread and two, scalar kernels and AVX2:"
for precision in fp16 int8; do
  for setting in PCLIP_THREADS=1 PCLIP_THREADS=2 PCLIP_ISA=scalar PCLIP_ISA=avx2; do
    (export "$setting"; convert Fixtures/minis/mini-rn.pt -o "$out/$setting.pclip" --precision $precision)
    sha256sum <"$out/$setting.pclip"
  done | sort -u | wc -l | grep -qx 1 || { echo "$precision: bytes differ" >&2; exit 1; }
  echo "$precision: yes"
done

sh Scripts/check/kill_conversions.sh "$pocketclip" Fixtures/minis/mini-rn.pt
images=Fixtures/minis/images
python3 Scripts/check/kill_embeds.py "$pocketclip" Fixtures/minis/mini-vit.pt $images/red-apple-00.jpg \
  $images/alarm-clock-00.jpg $images/tractor-14.jpg
