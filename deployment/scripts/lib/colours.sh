# shellcheck shell=bash
# shellcheck disable=SC2034 # the adapters read what the flags set, the scripts what the engines said
# The two colours, whatever runs them. An adapter gives, for a COLOUR (blue, green) or an INSTANCE of it (process, container, pod):
#   check_adapter                     ends the script with 2 where tools or files are missing
#   instances_of COLOUR               names of those that run, a line each; fails where nobody can say, which is not none
#   image_of COLOUR                   what it runs or ran last
#   image_is_exact IMAGE              whether it names one build for good; image_advice tells what does
#   set_mode COLOUR active|standby    what an engine of it is to be when it starts; leaves those that run alone
#   start_colour COLOUR IMAGE SECONDS stop_colour COLOUR
#   run_in INSTANCE SECONDS COMMAND…  a command of the engine beside it
#   get_from INSTANCE PATH            body of one of its routes
#   logs_of INSTANCE, config_of COLOUR
#   take_lease, leave_lease, lease_is_lost   a lock where other machines give orders too; see lib/lease.sh
# Uses TEMP_DIR, which the script makes and removes.

COMPOSE_FILES=()

# Where one machine gives the orders, the lock of the state folder is enough.
take_lease() { :; }
leave_lease() { :; }
lease_is_lost() { return 1; }

other_colour() { if [[ $1 == blue ]]; then echo green; else echo blue; fi; }

# Which of the adapters' flags was given, before the adapter is there.
adapter_flag() {
  case $1 in
    --process-dir) PROCESS_DIR=$2 ;;
    --compose-file) COMPOSE_FILES+=("$2") ;;
    --project) COMPOSE_PROJECT=$2 ;;
    --namespace) KUBE_NAMESPACE=$2 ;;
    --context) KUBE_CONTEXT=$2 ;;
  esac
}

# load_adapter NAME
load_adapter() {
  if [[ $1 == compose ]]; then
    # shellcheck source=lib/adapter-compose.sh
    . "$SCRIPTS_DIR/lib/adapter-compose.sh"
  elif [[ $1 == kubernetes ]]; then
    # shellcheck source=lib/adapter-kubernetes.sh
    . "$SCRIPTS_DIR/lib/adapter-kubernetes.sh"
  elif [[ $1 == process ]]; then
    # shellcheck source=lib/adapter-process.sh
    . "$SCRIPTS_DIR/lib/adapter-process.sh"
  else
    usage_error "--adapter: got \"$1\"; wants compose, kubernetes or process"
  fi
}

# Time that `ctl` needs besides what it waits for: its own start, and ten seconds for an engine that hangs.
readonly CTL_MARGIN=20

# ctl_colour COLOUR COMMAND SECONDS: tells all its instances at once; their answers are printed, a JSON line each. Answers as `ctl`
# does: 0 done, 3 not done when the wait was over, 4 drained but something did not land, 1 refused; 5 it has no instance, 6 nobody can
# say whether it has, 7 one was not reached.
ctl_colour() {
  local colour=$1 command=$2 seconds=$3 instance instances names=() pids=() status worst=0 index
  CTL_SAID="no instance of $colour is there"
  instances=$(instances_of "$colour") || { CTL_SAID="nobody can say which instances $colour has"; return 6; }
  [[ -n $instances ]] || return 5
  while IFS= read -r instance; do
    names+=("$instance")
    (
      close_lock
      run_in "$instance" "$((seconds + CTL_MARGIN))" ctl "$command" --json --wait "$seconds"
    ) >"$TEMP_DIR/ctl-${#pids[@]}.json" 2>"$TEMP_DIR/ctl-${#pids[@]}.err" </dev/null &
    pids+=($!)
  done <<<"$instances"
  for index in "${!pids[@]}"; do
    status=0
    wait "${pids[$index]}" || status=$?
    cat -- "$TEMP_DIR/ctl-$index.json"
    if ((status != 0 && status != 3 && status != 4)); then
      if [[ ! -s $TEMP_DIR/ctl-$index.json ]]; then
        status=7
        # Not worth an error yet: it may be on its way up.
        CTL_SAID="${names[$index]}: $(tail -n 1 -- "$TEMP_DIR/ctl-$index.err")"
      else
        status=1
      fi
    fi
    worst=$(worse "$worst" "$status")
  done
  return "$worst"
}

# Of two answers the one that matters: refused before unreachable, before not done yet, before unsettled.
worse() {
  local order=04371 a=$1 b=$2 before_a before_b
  before_a=${order%%"$a"*} before_b=${order%%"$b"*}
  if ((${#before_a} >= ${#before_b})); then echo "$a"; else echo "$b"; fi
}

# health_colour COLOUR: /health of each instance, a JSON line each; of one that does not answer {"state":"unreachable"}. Fails where
# nobody can say which instances there are.
health_colour() {
  local instance instances body
  instances=$(instances_of "$1") || return 1
  while IFS= read -r instance; do
    [[ -n $instance ]] || continue
    body=$(get_from "$instance" /health 2>/dev/null </dev/null) || body=''
    jq -c --arg instance "$instance" '. + {instance: $instance}' <<<"$body" 2>/dev/null | grep . ||
      jq -cn --arg instance "$instance" '{instance: $instance, state: "unreachable"}'
  done <<<"$instances"
}

# state_of COLOUR: absent; the one state that all instances are in; else mixed. Fails as health_colour does.
state_of() {
  local health
  health=$(health_colour "$1") || return 1
  jq -rs <<<"$health" 'map(.state) | unique | if length == 0 then "absent" elif length == 1 then .[0] elif index("active") then "active" else "mixed" end'
}

# metrics_colour COLOUR FOLDER [INSTANCES]: /metrics of each instance, or of these of it, into a file of its own; fails where one does
# not answer.
metrics_colour() {
  local instance instances=${3-}
  rm -rf -- "$2" && mkdir -p -- "$2"
  [[ -n $instances ]] || instances=$(instances_of "$1") || return
  while IFS= read -r instance; do
    [[ -n $instance ]] || continue
    get_from "$instance" /metrics >"$2/$instance.txt" 2>/dev/null </dev/null || return 1
  done <<<"$instances"
  compgen -G "$2/*.txt" >/dev/null
}

# status_from COLOUR…: `status --json` by the first instance that can tell.
status_from() {
  local colour instance file=$TEMP_DIR/status.json
  for colour in "$@"; do
    while IFS= read -r instance; do
      [[ -n $instance ]] || continue
      # Exit code 3 tells of lag that nobody reads, and is an answer.
      run_in "$instance" 40 status --json --seconds 0 >"$file" 2>/dev/null </dev/null || true
      jq -e '.missing == [] and (.partitions | length) > 0' "$file" >/dev/null 2>&1 || continue
      cat -- "$file"
      return 0
    done < <(instances_of "$colour")
  done
  return 1
}
