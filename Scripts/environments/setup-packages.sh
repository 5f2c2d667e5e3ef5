# Installs Debian packages; Scripts/setup.sh sources it.
#
# Debian and Ubuntu have different names for some packages. `a|b` requests the first that apt knows as a real package,
# so the last must be a name that every system can install.

install_packages() { # NAME…
  if ! command -v dpkg-query >/dev/null; then
    echo "setup: not a Debian or Ubuntu; please install the equivalents of: $*" >&2
    return
  fi
  missing=$(missing_packages "$@")
  [ -n "$missing" ] || return 0

  as_root=""
  if [ "$(id -u)" != 0 ]; then
    as_root=sudo
    command -v sudo >/dev/null || fail "packages are missing, and only root can install them; as root, run
  apt-get update && apt-get install -y --no-install-recommends$missing
and then repeat this command."
  fi
  $as_root apt-get update -qq
  # Before the update apt may have known no package at all.
  missing=$(missing_packages "$@")
  echo "setup: installing$missing" >&2
  # shellcheck disable=SC2086
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

missing_packages() { # NAME…
  for alternatives in "$@"; do
    package=$(choose "$alternatives")
    is_installed "$package" || printf ' %s' "$package"
  done
}

choose() { # NAME|NAME…
  names=$1
  while [ "$names" != "${names#*|}" ] && ! is_known "${names%%|*}"; do names=${names#*|}; done
  echo "${names%%|*}"
}

# For a name that other packages only mention or provide, `apt-cache show` prints nothing.
is_known() { apt-cache show "$1" 2>/dev/null | grep -q '^Package:'; }

is_installed() { dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'install ok installed'; }
