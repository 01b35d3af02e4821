# shellcheck shell=bash
# What the shims of docker and kubectl share: instances are folders SHIM_DIR/blue-0, blue-1, …, each a real engine as the process
# adapter runs it; SHIM_STATE/COLOUR/start-mode is what is mounted into a colour's.

# shellcheck source=../../../deployment/scripts/lib/common.sh
. "$SHIM_SCRIPTS/lib/common.sh"
PROCESS_DIR=$SHIM_DIR
# shellcheck source=../../../deployment/scripts/lib/adapter-process.sh
. "$SHIM_SCRIPTS/lib/adapter-process.sh"

# Every call, for the test to see what was asked of the tool.
printf '%s\n' "${0##*/} $*" >>"$SHIM_DIR/calls.log"

# What this pattern matches fails as long as the file is there: the daemon, or the API server, is away.
away=$(cat -- "$SHIM_STATE/away" 2>/dev/null) || true
# shellcheck disable=SC2053 # a pattern
if [[ -n $away && "$*" == $away ]]; then
  echo 'Unable to connect to the server' >&2
  exit 1
fi

all_of() { (cd -- "$SHIM_DIR" && printf '%s\n' "$1"-*); }

running_of() {
  local name
  for name in $(all_of "$1"); do instances_of "$name"; done
}

# The mode is read at each start, from what is mounted by then.
start_instance() {
  cp -- "$SHIM_STATE/${1%-*}/start-mode" "$SHIM_DIR/$1/start-mode"
  start_colour "$1" '' 60
}

# execute NAME node …: as in the container's working directory.
execute() {
  local name=$1
  shift
  [[ -n $(instances_of "$name") ]] || { echo "no such container: $name" >&2; exit 1; }
  cd -- "$SHIM_DIR/$name" && exec env -i "PATH=$PATH" HOME=/ "$@"
}
