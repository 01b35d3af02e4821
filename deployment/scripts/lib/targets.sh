# shellcheck shell=bash
# Which engines a script looks at, and where the engine's own commands are run: by default on this machine, with the settings of the
# environment and of .env in the working directory; with an adapter inside of what it runs.

ADAPTER=''
COLOUR=''
URLS=()
ASK_SECONDS=5

# target_flag FLAG VALUE: one of --adapter, --colour, --url, or of the adapters' own.
target_flag() {
  case $1 in
    --adapter) ADAPTER=$2 ;;
    --colour)
      [[ $2 =~ ^(blue|green)$ ]] || usage_error "--colour: got \"$2\"; wants blue or green"
      COLOUR=$2
      ;;
    --url)
      [[ $2 =~ ^https?://[^/@[:space:]]+/?$ ]] || usage_error "--url: got \"$2\"; wants an address like http://engine:8080"
      URLS+=("${2%/}")
      ;;
    *) adapter_flag "$1" "$2" ;;
  esac
}

readonly TARGET_FLAGS='--adapter|--colour|--url|--process-dir|--compose-file|--project|--namespace|--context'
is_target_flag() { [[ $1 =~ ^($TARGET_FLAGS)$ ]]; }

open_targets() {
  need timeout jq
  if [[ -z $ADAPTER ]]; then
    need node curl
    return
  fi
  ((${#URLS[@]} == 0)) || usage_error '--url and --adapter exclude one another'
  load_adapter "$ADAPTER"
  check_adapter
}

# targets: a line each, URLs or instances. Fails where nobody can say which instances a colour has.
targets() {
  local colour status=0
  if [[ -z $ADAPTER ]]; then
    if ((${#URLS[@]} == 0)); then URLS=("http://127.0.0.1:${HEALTH_CHECK_PORT:-8080}"); fi
    printf '%s\n' "${URLS[@]}"
    return
  fi
  for colour in ${COLOUR:-blue green}; do
    instances_of "$colour" || { error "nobody can say which instances $colour has"; status=1; }
  done
  return "$status"
}

# ask TARGET PATH: prints the body, whatever the status is.
ask() {
  if [[ -n $ADAPTER ]]; then
    get_from "$1" "$2" </dev/null
  else
    curl --silent --show-error --max-time "$ASK_SECONDS" --noproxy '*' --max-redirs 0 -- "$1$2" </dev/null
  fi
}

# engine SECONDS COMMAND…: one of the engine's commands, by the first instance that is there. Answers 127 where there is none.
engine() {
  local seconds=$1 instance
  shift
  if [[ -z $ADAPTER ]]; then
    bounded "$seconds" node "$ENGINE_MAIN" "$@" </dev/null
    return
  fi
  instance=$(targets | head -n 1)
  [[ -n $instance ]] || { error "no engine runs by $ADAPTER"; return 127; }
  run_in "$instance" "$seconds" "$@" </dev/null
}
