#!/bin/bash
# Tests Scripts/setup.sh in seconds, without network, root or changes to this machine: `make check-setup`.
#
# A copy of the scripts runs in a scratch clone. The PATH holds their tools and stand-ins for dpkg-query, apt-cache,
# apt-get, sudo, id, uname and swift; package lists are Fixtures/packages. A server on the loopback interface has stand-in
# toolchains, signed by keys made here: the copy states the fingerprint of one of them. A line of counts ends the output.
set -euo pipefail
cd "$(dirname "$0")/../.."

work=$(mktemp -d)
server=""
finish() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  gpgconf --homedir "$work/gnupg" --kill all 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT

passed=0
failed=0
check() { # TITLE COMMAND…
  if "${@:2}"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'FAILED: %s\n  %s\n' "$1" "${*:2}"
    sed 's/^/  | /' "$work/log"
  fi
}

# --- The keys, the toolchains and their server

export GNUPGHOME=$work/gnupg
mkdir -m 700 "$GNUPGHOME"
make_key() { # NAME OPTION…
  gpg --batch --quiet "${@:2}" --passphrase '' --quick-generate-key "$1" ed25519 sign 1y 2>"$work/gpg.txt"
  gpg --armor --export "$1" >"$work/$1.asc" 2>"$work/gpg.txt"
  fingerprint "$work/$1.asc" >"$work/$1.fingerprint"
}
fingerprint() { gpg --show-keys --with-colons "$1" 2>"$work/gpg.txt" | awk -F: '/^fpr/ { print $10; exit }'; }
make_key release
make_key other
past=(--faked-system-time '20200101T000000!')
make_key expired "${past[@]}"

toolchain() { # FOLDER FILE VERSION
  mkdir -p "$work/$1/usr/bin"
  printf '#!/bin/sh\necho "Swift version %s (stand-in)"\n' "$3" >"$work/$1/usr/bin/$2"
  chmod +x "$work/$1/usr/bin/$2"
  tar -czf "$work/$1.tar.gz" -C "$work" "$1"
}
toolchain swift-stand-in swift 6.3.1
toolchain no-toolchain README 0
toolchain swift-former swift 5.0

version=$(sed -n 's/^swift_version=//p' Scripts/environments/setup-swift.sh)
site=$work/site
publish() { # MIRROR PLATFORM ARCHIVE: prints the path of the copy
  local folder=$site/$1/swift-$version-release/${2//./}/swift-$version-RELEASE
  mkdir -p "$folder"
  cp "$3" "$folder/swift-$version-RELEASE-$2.tar.gz"
  echo "$folder/swift-$version-RELEASE-$2.tar.gz"
}
publish_signed() { # MIRROR PLATFORM ARCHIVE KEY [OPTION]…
  gpg --batch --quiet "${@:5}" --local-user "$4" --detach-sign "$(publish "$1" "$2" "$3")" 2>"$work/gpg.txt"
}
good=$work/swift-stand-in.tar.gz
for platform in debian12 debian12-aarch64 ubuntu22.04 ubuntu24.04 ubuntu24.04-aarch64; do
  publish_signed good "$platform" "$good" release
done
publish_signed cut debian12 "$good" release
publish_signed no-toolchain debian12 "$work/no-toolchain.tar.gz" release
publish_signed former debian12 "$work/swift-former.tar.gz" release
publish_signed other-key debian12 "$good" other
publish_signed expired-key debian12 "$good" expired "${past[@]}"
publish_signed changed debian12 "$good" release
publish changed debian12 "$work/no-toolchain.tar.gz" >"$work/log"
publish unsigned debian12 "$good" >"$work/log"
mkdir "$site/empty"

cat >"$work/server.py" <<'PYTHON'
import functools, http.server, pathlib, sys

class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format, *arguments):
        pass

    def do_GET(self):
        with open(sys.argv[2], "a") as log:
            log.write(self.path + "\n")
        if self.path.startswith("/cut/") and self.path.endswith(".tar.gz"):
            content = pathlib.Path(self.translate_path(self.path)).read_bytes()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2])
        else:
            super().do_GET()

server = http.server.HTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=sys.argv[1]))
print(server.server_port, flush=True)
server.serve_forever()
PYTHON
touch "$work/requests"
mkfifo "$work/port"
python3 "$work/server.py" "$site" "$work/requests" >"$work/port" &
server=$!
read -r port <"$work/port"
mirrors=http://127.0.0.1:$port

# --- The scratch clone and its PATH

clone=$work/clone
tools=$work/tools
mkdir "$tools" "$work/debian" "$work/sudo" "$work/swift"
for tool in base64 cat curl dirname env gpgv grep gzip head mkdir mv numfmt rm rmdir sed sh sort tail tar tr; do
  ln -s "$(command -v "$tool")" "$tools/$tool"
done
stand_in() { # FOLDER NAME: the script on standard input
  { echo "#!$(command -v bash)" && cat; } >"$work/$1/$2"
  chmod +x "$work/$1/$2"
}
stand_in tools id <<<'echo "$TEST_USER"'
stand_in tools uname <<<'echo "$TEST_MACHINE"'
stand_in debian dpkg-query <<'SH'
case $'\n'$(<"$TEST_STATE/installed")$'\n' in
*$'\n'"${!#}"$'\n'* | $'\nall\n') echo "install ok installed" ;;
esac
SH
stand_in debian apt-cache <<'SH'
[ ! -e "$TEST_STATE/updated" ] || sed -n "/^Package: $2\$/,/^\$/p" "$TEST_LISTS"
SH
stand_in debian apt-get <<'SH'
echo "apt-get $*" >>"$TEST_STATE/calls"
case $1 in
update) : >"$TEST_STATE/updated" ;;
install) printf '%s\n' "${@:2}" | grep -v ^- >>"$TEST_STATE/installed" ;;
esac
SH
stand_in sudo sudo <<'SH'
echo "sudo $*" >>"$TEST_STATE/calls"
exec "$@"
SH
stand_in swift swift <<<'echo "Apple Swift version $TEST_SWIFT (swift-$TEST_SWIFT-RELEASE)"'

export TEST_STATE=$work/state HOME=$work/home
# A new clone on a machine that has nothing, run by root; SYSTEM is a name in Fixtures/packages.
machine() { # SYSTEM
  rm -rf "$clone" "$TEST_STATE" "$HOME"
  mkdir -p "$clone/Scripts/environments" "$TEST_STATE" "$HOME"
  cp Scripts/setup.sh "$clone/Scripts/"
  cp Scripts/environments/setup-*.sh "$clone/Scripts/environments/"
  cp Makefile "$clone/"
  printf 'ID=%s\nVERSION_ID="%s"\n' "${1%-*}" "${1#*-}" >"$work/os-release"
  sed -i "s|^os_release=.*|os_release=$work/os-release|" "$clone/Scripts/environments/setup-swift.sh"
  trust release
  touch "$TEST_STATE/installed" "$TEST_STATE/calls"
  export TEST_LISTS=Fixtures/packages/$1.txt TEST_USER=0 TEST_MACHINE=x86_64 TEST_SWIFT=none
  export POCKETCLIP_SWIFT_URL=$mirrors/good
  TEST_LISTS=$PWD/$TEST_LISTS
  path=$tools:$work/debian:$work/sudo
}
trust() { # KEY [KEY OF THE FINGERPRINT]
  local folder=$clone/Scripts/environments
  cp "$work/$1.asc" "$folder/swift-release-key.asc"
  sed -i "s|^swift_fingerprint=.*|swift_fingerprint=$(<"$work/${2:-$1}.fingerprint")|" "$folder/setup-swift.sh"
}
all_installed() { echo all >"$TEST_STATE/installed"; }
no_sudo() { TEST_USER=1000 path=$tools:$work/debian; }
swift_on_path() { TEST_SWIFT=$1 path=$path:$work/swift; }

setup() { # ARGUMENT…
  status=0
  : >"$work/requests"
  PATH=$path sh "$clone/Scripts/setup.sh" "$@" >"$work/log" 2>&1 || status=$?
}
succeeded() { [ "$status" = 0 ]; }
failed_with_one_message() { # that ends with what to do
  [ "$status" != 0 ] && [ "$(grep '^setup: ' "$work/log" | grep -cv '^setup: \(installing\|no Swift\)')" = 1 ] &&
    tail -n 1 "$work/log" | grep -q "repeat this command\|set POCKETCLIP_SWIFT_URL"
}
said() { grep -q -- "$1" "$work/log"; }
silent() { [ ! -s "$work/log" ]; }
called() { grep -qxF -- "$1" "$TEST_STATE/calls"; }
no_call() { [ ! -s "$TEST_STATE/calls" ]; }
asked_for() { grep -q -- "$1" "$work/requests"; }
asked_for_nothing() { [ ! -s "$work/requests" ]; }
has_toolchain() {
  [ "$(ls -A "$clone/.toolchain")" = usr ] && [ "$(ls "$clone/.toolchain/usr/bin")" = swift ] &&
    "$clone/.toolchain/usr/bin/swift" >"$work/log"
}
has_no_toolchain() { [ ! -e "$clone/.toolchain" ]; }
wrote_nowhere_else() { [ -z "$(ls -A "$HOME")" ] && [ "$(ls -A "$clone" | tr '\n' ' ')" = ".toolchain Makefile Scripts " ]; }

# --- Packages

# Every package that a script or the Makefile asks setup.sh for.
mapfile -t extras < <(sed -n 's|.*sh Scripts/setup\.sh \([a-z0-9.+ -]*\)$|\1|p' \
  Makefile Scripts/*.sh Scripts/*/*.sh .ci/run | tr ' ' '\n' | sort -u)
install="apt-get install -y -qq --no-install-recommends make pkg-config g++ git python3 python3-venv libopenblas0 zlib1g-dev"
install+=" libpng-dev libwebp-dev"
for_swift="libxml2 libsqlite3-0 libncurses6 libuuid1"
try_packages() { # SYSTEM JPEG CURL GOLD
  local without_swift="$install $2 $for_swift $3 tzdata $4 curl ca-certificates gpgv ${extras[*]}" name unknown=""
  machine "$1"
  swift_on_path 6.3.1
  setup
  check "$1, with Swift: packages" called "$install $2"
  check "$1, with Swift: nothing is fetched" asked_for_nothing

  machine "$1"
  TEST_USER=1000
  setup "${extras[@]}"
  check "$1, without Swift: packages" called "$without_swift"
  check "$1: the lists are brought up to date first" called "sudo apt-get update -qq"
  check "$1: sudo installs" called "sudo env DEBIAN_FRONTEND=noninteractive $without_swift"
  for name in $(cat "$TEST_STATE/installed") "${extras[@]}"; do
    grep -qx "Package: $name" "$TEST_LISTS" || unknown+=" $name"
  done
  check "$1: apt knows every name (not$unknown)" [ -z "$unknown" ]

  : >"$TEST_STATE/calls"
  no_sudo
  setup "${extras[@]}"
  check "$1: nothing is left to install" succeeded
  check "$1: no root where nothing is missing" no_call
  check "$1: no word where nothing is missing" silent
}
try_packages debian-12 libjpeg62-turbo-dev libcurl4 binutils
try_packages debian-13 libjpeg62-turbo-dev libcurl4t64 binutils-gold
try_packages ubuntu-22.04 libjpeg-turbo8-dev libcurl4 binutils
try_packages ubuntu-24.04 libjpeg-turbo8-dev libcurl4t64 binutils
check "the Makefile asks for packages" [ "${#extras[@]}" -gt 2 ]

for system in debian-12 ubuntu-24.04; do
  machine "$system"
  touch "$TEST_STATE/updated"
  no_sudo
  swift_on_path 6.3.1
  setup
  check "$system, neither root nor sudo" failed_with_one_message
  check "$system, neither root nor sudo: no call" no_call
  command=$(sed -n 's/^  apt-get update && //p' "$work/log")
  PATH=$path $command || true
  setup
  check "$system: the command that the message gives is enough" succeeded
done

machine fedora-41
path=$tools
swift_on_path 6.3
setup
check "no dpkg: says what is needed" said "not a Debian or Ubuntu.*libwebp-dev"
check "no dpkg, with Swift: goes on" succeeded
path=$tools
setup
check "no dpkg, without Swift: a message" failed_with_one_message

# --- Swift

machine debian-12
all_installed
no_sudo
setup
check "fetches Swift" has_toolchain
check "writes into .toolchain alone" wrote_nowhere_else
setup
check "has fetched it before" asked_for_nothing
check "has nothing to say then" silent
PATH=$tools "$(command -v make)" -s -C "$clone" --eval 'which-swift: ; @command -v swift' which-swift >"$work/log" || true
check "the Makefile finds it" said "^$clone/.toolchain/usr/bin/swift\$"
make -s -C "$clone" clean
check "make clean leaves it" has_toolchain

machine debian-12
all_installed
setup
size=$(numfmt --to=si --round=nearest --suffix=B "$(stat -c %s "$good")")
check "one line states the file, its size, its source and its target" \
  [ "$(cat "$work/log")" = "setup: no Swift 6.3 on the PATH: fetching \
swift-$version-RELEASE-debian12.tar.gz ($size) from $mirrors/good into $clone/.toolchain" ]

for old in none 5.10 6.2.4; do
  machine debian-12
  swift_on_path "$old"
  setup
  check "Swift $old on the PATH is too old" has_toolchain
done
for new in 6.3 6.3.1 6.10 7.0-dev; do
  machine debian-12
  swift_on_path "$new"
  setup
  check "Swift $new on the PATH will do" has_no_toolchain
done

try_platform() { # SYSTEM MACHINE PLATFORM
  machine "$1"
  TEST_MACHINE=$2
  setup
  check "the build for $1 on $2" asked_for "/${3//./}/swift-$version-RELEASE/swift-$version-RELEASE-$3.tar.gz\$"
  check "the build for $1 on $2 is there" has_toolchain
}
try_platform debian-12 x86_64 debian12
try_platform debian-13 x86_64 debian12
try_platform debian-13 aarch64 debian12-aarch64
try_platform ubuntu-22.04 x86_64 ubuntu22.04
try_platform ubuntu-24.04 x86_64 ubuntu24.04
try_platform ubuntu-24.04 aarch64 ubuntu24.04-aarch64

try_no_build() { # SYSTEM MACHINE NAME
  machine "$1"
  TEST_MACHINE=$2
  setup
  check "no build for $3" failed_with_one_message
  check "no build for $3: says so" said "no Swift $version for '$3'"
  check "no build for $3: installs nothing" no_call
  check "no build for $3: asks for none" asked_for_nothing
}
try_no_build debian-14 x86_64 "debian 14"
try_no_build linuxmint-22 x86_64 "linuxmint 22"
try_no_build debian-12 riscv64 riscv64

# A refused download leaves nothing, and the same command with a good mirror succeeds.
try_refusal() { # MIRROR WORDS
  POCKETCLIP_SWIFT_URL=$1
  setup
  check "$1: one message" failed_with_one_message
  check "$1: says what is wrong" said "$2"
  check "$1: leaves nothing" has_no_toolchain
  POCKETCLIP_SWIFT_URL=$mirrors/good
  setup
  check "$1: repeated" has_toolchain
}
machine debian-12
try_refusal "$mirrors/empty" "debian12.tar.gz was not downloaded"
machine debian-12
try_refusal "$mirrors/cut" "debian12.tar.gz was not downloaded"
machine debian-12
try_refusal "$mirrors/unsigned" "debian12.tar.gz.sig was not downloaded"
machine debian-12
try_refusal "$mirrors/changed" "not signed by Swift's key .*BAD signature"
machine debian-12
try_refusal "$mirrors/other-key" "not signed by Swift's key .*No public key"
machine debian-12
try_refusal "$mirrors/no-toolchain" "does not hold Swift 6"
machine debian-12
try_refusal "$mirrors/former" "does not hold Swift 6"
machine debian-12
try_refusal http://127.0.0.1:1 "was not downloaded"

machine debian-12
trust other release
POCKETCLIP_SWIFT_URL=$mirrors/other-key
setup
check "a good signature by a key of another fingerprint" failed_with_one_message
check "a good signature by a key of another fingerprint: leaves nothing" has_no_toolchain

machine debian-12
trust expired
POCKETCLIP_SWIFT_URL=$mirrors/expired-key
setup
check "a key that has expired since" has_toolchain

machine debian-12
mkdir -p "$clone/.toolchain/incoming.999999999/usr/bin"
touch "$clone/.toolchain/incoming.999999999/usr/bin/clang"
setup
check "what a killed run left is removed" has_toolchain
mkdir "$clone/.toolchain/incoming.$$"
rm "$clone/.toolchain/usr/bin/swift"
setup
check "a toolchain without Swift is fetched again" [ -x "$clone/.toolchain/usr/bin/swift" ]
check "what a running one has is left to it" [ -d "$clone/.toolchain/incoming.$$" ]

machine debian-12
mkdir -p "$clone/.toolchain/usr/bin"
touch "$clone/.toolchain/usr/bin/former"
POCKETCLIP_SWIFT_URL=$mirrors/changed
setup
check "a refused download leaves the former toolchain" [ "$(ls "$clone/.toolchain/usr/bin")" = former ]
POCKETCLIP_SWIFT_URL=$mirrors/good
setup
check "another release is replaced" has_toolchain

check "the committed key has the committed fingerprint" \
  grep -qx "swift_fingerprint=$(fingerprint Scripts/environments/swift-release-key.asc)" \
  Scripts/environments/setup-swift.sh

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
