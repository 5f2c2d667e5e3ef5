#!/bin/sh
# Shows the main use on real input: converts a PyTorch file to an int8 bundle, verifies it, and classifies an image.
set -eu
pocketclip=$1
minis=Fixtures/minis
# A new private folder: in a shared folder, another user could have created a predictable name before.
out=$(mktemp -d "${TMPDIR:-/tmp}/pocketclip-demo.XXXXXX")

# Prints the command as it can be typed, then runs it.
run() {
  line=$pocketclip
  for word in "$@"; do
    case $word in *[!A-Za-z0-9_./:=-]*) line="$line \"$word\"" ;; *) line="$line $word" ;; esac
  done
  printf '\n$ %s\n' "$line"
  "$pocketclip" "$@"
}

run inspect $minis/mini-vit.pt
run convert $minis/mini-vit.pt -o "$out/mini.pclip" --precision int8 --force
run verify "$out/mini.pclip" --against $minis/mini-vit.pt
image=$(ls $minis/images/*.jpg | head -1)
run classify -m "$out/mini.pclip" "$image" --labels $minis/images/labels.txt --template "a picture of a {}." --top 3
printf '\nThe files of this demo are in %s.' "$out"
printf '\nThe command line is %s. To type pocketclip in this shell:\n  export PATH=$PWD/%s:$PATH\n' "$pocketclip" "$(dirname "$pocketclip")"
