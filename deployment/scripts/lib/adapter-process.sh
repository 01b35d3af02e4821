# shellcheck shell=bash
# Blue and green as plain processes of this machine. Each has a folder, PROCESS_DIR/blue and PROCESS_DIR/green:
#   .env        its settings: ports of its own, CONTROL_SOCKET, DEPLOYMENT_COLOUR; no START_MODE
#   start-mode  active or standby: what it is to be when it is started again. Whoever else starts it, systemd for one, should
#               have START_MODE_FILE=start-mode in .env
#   release     link to the release it runs: a folder with dist/src/main.cjs
#   engine.pid, engine.log
# The image of a colour is the folder of its release.

PROCESS_DIR=${PROCESS_DIR:-/var/lib/trades-engine}
STOP_SECONDS=${STOP_SECONDS:-90}

check_adapter() {
  local colour
  need node setsid readlink
  for colour in blue green; do
    [[ -r $PROCESS_DIR/$colour/.env ]] || usage_error "$PROCESS_DIR/$colour/.env is not there: give the folder of both colours with --process-dir"
  done
}

image_is_exact() { [[ -d $1 ]]; }
image_advice() { echo 'a folder with dist/src/main.cjs, a release of its own'; }

image_of() { readlink -f -- "$PROCESS_DIR/$1/release" 2>/dev/null || true; }

set_mode() {
  local file=$PROCESS_DIR/$1/start-mode
  printf '%s\n' "$2" >"$file.new" && mv -f -- "$file.new" "$file"
}

instances_of() { if _process_runs "$1"; then echo "$1"; fi; }

# A number that another process has by now is not the engine's: it must run from the colour's folder. One that is dead runs from none.
_process_runs() {
  local pid folder
  pid=$(cat -- "$PROCESS_DIR/$1/engine.pid" 2>/dev/null) || return 1
  [[ -n $pid ]] && kill -0 "$pid" 2>/dev/null || return 1
  folder=$(readlink -f -- "$PROCESS_DIR/$1")
  [[ $(readlink -- "/proc/$pid/cwd" 2>/dev/null) == "$folder" ]]
}

# start_colour COLOUR IMAGE SECONDS: without an image the one it had.
start_colour() {
  local folder=$PROCESS_DIR/$1 waited=0
  stop_colour "$1" || return
  if [[ -n $2 ]]; then ln -sfn -- "$(readlink -f -- "$2")" "$folder/release" || return; fi
  [[ -r $folder/release/dist/src/main.cjs ]] || { error "$folder/release has no dist/src/main.cjs"; return 1; }
  rm -f -- "$folder/engine.pid"
  (
    close_lock
    cd -- "$folder" || exit
    # Not a child that goes with us: the engine is to outlive the script, and its terminal.
    _engine_environment START_MODE_FILE=start-mode setsid -f bash -c 'echo $$ >engine.pid; exec node release/dist/src/main.cjs start' >>engine.log 2>&1 </dev/null
  ) || return
  while [[ ! -s $folder/engine.pid ]]; do
    ((waited < $3 * 10)) || { error "$1 was not started; see $folder/engine.log"; return 1; }
    sleep 0.1
    waited=$((waited + 1))
  done
}

# The engine has what its .env says and nothing of ours, which would win over that.
_engine_environment() { env -i "PATH=$PATH" "HOME=${HOME:-/}" "$@"; }

stop_colour() {
  local pid waited=0
  _process_runs "$1" || return 0
  pid=$(cat -- "$PROCESS_DIR/$1/engine.pid")
  kill -TERM "$pid" 2>/dev/null || return 0
  while _process_runs "$1"; do
    if ((waited >= STOP_SECONDS * 10)); then
      warn "$1 has not ended within $STOP_SECONDS s and is killed"
      kill -KILL "$pid" 2>/dev/null || true
      break
    fi
    sleep 0.1
    waited=$((waited + 1))
  done
}

# run_in INSTANCE SECONDS COMMAND…: a command of the engine where the instance runs.
run_in() {
  local folder=$PROCESS_DIR/$1 seconds=$2
  shift 2
  bounded "$seconds" env -i --chdir="$folder" "PATH=$PATH" "HOME=${HOME:-/}" node release/dist/src/main.cjs "$@"
}

# get_from INSTANCE PATH
get_from() { bounded 20 env -i --chdir="$PROCESS_DIR/$1" "PATH=$PATH" node -e "$HTTP_GET" "$2"; }

logs_of() { tail -n 2000 -- "$PROCESS_DIR/$1/engine.log"; }

config_of() {
  cat -- "$PROCESS_DIR/$1/.env"
  printf 'START_MODE=%s\n' "$(<"$PROCESS_DIR/$1/start-mode")"
}
