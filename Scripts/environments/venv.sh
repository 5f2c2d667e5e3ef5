# Shared by the scripts venv-NAME.sh: each sources it, installs the packages of its environment, and ends with `finish`.
#
# An environment is in .venv-NAME at the repository's root, or in the directory given to the script. A complete
# one is kept; an incomplete one is made again. PYTHON names the interpreter.

root=$(cd "$(dirname "$0")/../.." && pwd)

# begin NAME DIRECTORY INTERPRETER: an empty environment in $venv; ends the script if a complete one exists.
begin() {
  venv=${2:-"$root/.venv-$1"}
  if [ -e "$venv/.complete" ]; then
    echo "$venv is complete" >&2
    exit 0
  fi
  rm -rf "$venv"
  "${PYTHON:-$3}" -m venv "$venv"
}

# install_lock NAME: the packages of locks/NAME.lock, all of them and no others, from files with the hashes that it states.
# lock.py writes the locks.
install_lock() {
  "$venv/bin/python" -m pip --disable-pip-version-check --quiet install --require-hashes --no-deps \
    -r "$root/Scripts/environments/locks/$1.lock"
}

# pip_install REQUIREMENT...: for an interpreter without a lock.
pip_install() { "$venv/bin/python" -m pip --disable-pip-version-check --quiet install "$@"; }

# The +cpu wheel if it is offered: the plain one also works but adds gigabytes of CUDA.
install_torch() { install_lock torch-cpu || install_lock torch; }

finish() { touch "$venv/.complete"; }
