#!/usr/bin/env bash
# Hands the right to consume from the colour that has it to the other one, which runs another image: nothing is lost, nothing
# lands twice, and what goes wrong goes back.
#
# Usage: deploy_blue_green.sh --adapter compose|kubernetes|process [--image IMAGE] [flags]
#        deploy_blue_green.sh --adapter … --recover
#
# Steps: start          the incoming colour is started, on standby: in no group
#        self-test      it goes the whole way once, from the brokers to a write that is taken back
#        snapshot       where every partition stands, and how far behind
#        drain          the outgoing colour lands what is in flight and leaves the group; it stays up, drained
#        activate       the incoming one joins the group; each partition it claims has a higher epoch, so that nothing of the
#                       outgoing one can land any more
#        verify         for a while: every partition was claimed, and has landed something where something came; no row in
#                       ingest_gaps; fewer errors and dead letters than 1 %; not further behind than before plus 10 s; no restart
#        stop-outgoing  the outgoing colour is stopped
# If a step fails, or INT, TERM or HUP comes, the incoming colour is drained and the outgoing one consumes again. What was seen
# is kept in STATE_DIR/bundles. A run that was killed is ended by the next one (or by --recover) before anything else: back to
# the outgoing colour, or, where the incoming one had been verified, on to that.
#
# Both colours are in one group (a second one is billed) and write to one database, so migrations must only add: what the
# outgoing release reads and writes must still be there, or there is no way back. Apply them before (`migrate`).
#
# Flags:
#   --adapter NAME        compose, kubernetes or process: see lib/adapter-NAME.sh for what each needs
#   --image IMAGE         what the incoming colour is to run: name@sha256:… (process: the folder of a release); by default what it ran last
#   --allow-tag           take an image by a tag, which may mean another build tomorrow
#   --from COLOUR         the outgoing colour, where the engines do not tell; `none` where nobody has consumed yet, as when both colours
#                         have just come up on standby: then blue takes over, and green is stopped in the end
#   --recover             only end what an earlier run left, and exit
#   --keep-outgoing       do not stop the other colour in the end; it stays up, drained
#   --start-seconds N     for the incoming colour to be up and tested, 180 by default
#   --wait-seconds N      for a drain, and for an activation, 90 by default
#   --window-seconds N    of verification, 120 by default; more than KAFKA_SESSION_TIMEOUT_MS, for so long the partitions of an outgoing
#                         engine that dies belong to nobody
#   --settle-seconds N    after it, for what is not right yet and may become so (a partition with nothing landed, a broker that is away,
#                         an instance that the autoscaler added), 60 by default
#   --interval-seconds N  between two looks, 5 by default
#   --state-dir DIR       lock, progress and bundles; ~/.local/state/trades-engine by default. One for all runs of a deployment: what a
#                         run that was killed has left is only ended where its folder is. On Kubernetes runs of several machines keep
#                         each other out by a Lease, bitquery-kafka-consumer-hand-over, which they must be allowed to get, create
#                         and update; one that is not renewed for 30 s is taken over
#   --process-dir DIR, --compose-file FILE, --project NAME, --namespace NS, --context NAME
#                         of the adapters
#   --dry-run             say what would be done, and do nothing
#   --help                print this
#
# BLUE_GREEN_HOOK: a program that is run before each step with its name; OUTGOING, INCOMING and RUN_PID, the script's process, are
# in its environment. Where it fails, the step does. It has 60 s.
#
# Exit codes: 0 done, 1 failed, and the outgoing colour consumes as before, 2 wrong usage or configuration, and nothing was
#   done, 3 another run is under way, 4 failed, and it is not as before: LOOK AT ONCE, 129, 130, 143 ended by a signal, and
#   the outgoing colour consumes as before.
set -euo pipefail

# shellcheck source=lib/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=lib/http.sh
. "$SCRIPTS_DIR/lib/http.sh"
# shellcheck source=lib/colours.sh
. "$SCRIPTS_DIR/lib/colours.sh"
# shellcheck source=lib/run-state.sh
. "$SCRIPTS_DIR/lib/run-state.sh"
# shellcheck source=lib/bundle.sh
. "$SCRIPTS_DIR/lib/bundle.sh"
# shellcheck source=lib/way-back.sh
. "$SCRIPTS_DIR/lib/way-back.sh"
# shellcheck source=lib/hand-over.sh
. "$SCRIPTS_DIR/lib/hand-over.sh"

readonly EXIT_LOCKED=3 EXIT_NOT_BACK=4
readonly STEPS=(start self-test snapshot drain activate verify stop-outgoing)
readonly HOOK_SECONDS=60 LAG_ALLOWANCE=10 ERRORS_PERCENT=1

ADAPTER='' IMAGE='' IMAGE_ASKED='' FROM='' OUTGOING='' INCOMING='' STEP=''
ALLOW_TAG=false RECOVER=false KEEP=false DRY_RUN=false
START_SECONDS=180 WAIT_SECONDS=90 WINDOW_SECONDS=120 SETTLE_SECONDS=60 INTERVAL_SECONDS=5
STATE_DIR=${XDG_STATE_HOME:-${HOME:-/tmp}/.local/state}/trades-engine
LAG_BEFORE=0 ERRORS_BEFORE=0 GAP_FROM=0 GAP_TO=0
# Something was begun that is to be ended, one way or the other.
UNDER_WAY=false

parse() {
  while (($# > 0)); do
    case $1 in
      --adapter | --image | --from | --state-dir | --process-dir | --compose-file | --project | --namespace | --context)
        (($# >= 2)) || usage_error "$1 wants a value"
        ;;&
      --adapter) ADAPTER=$2 && shift ;;
      --image) IMAGE_ASKED=$2 && shift ;;
      --from) FROM=$2 && shift ;;
      --state-dir) STATE_DIR=$2 && shift ;;
      --process-dir | --compose-file | --project | --namespace | --context) adapter_flag "$1" "$2" && shift ;;
      --start-seconds | --wait-seconds | --window-seconds | --settle-seconds | --interval-seconds)
        seconds_flag "$1" "${2-}" && shift
        ;;
      --allow-tag) ALLOW_TAG=true ;;
      --recover) RECOVER=true ;;
      --keep-outgoing) KEEP=true ;;
      --dry-run) DRY_RUN=true ;;
      --help | -h) print_help && exit 0 ;;
      *) usage_error "there is no flag $1" ;;
    esac
    shift
  done
  [[ -n $ADAPTER ]] || usage_error '--adapter is wanted'
  [[ $FROM =~ ^(blue|green|none|)$ ]] || usage_error "--from: got \"$FROM\"; wants blue, green or none"
}

seconds_flag() {
  local seconds
  seconds=$(number_of "$1" "$2" 1 86400) || exit "$EXIT_USAGE"
  case $1 in
    --start-seconds) START_SECONDS=$seconds ;;
    --wait-seconds) WAIT_SECONDS=$seconds ;;
    --window-seconds) WINDOW_SECONDS=$seconds ;;
    --settle-seconds) SETTLE_SECONDS=$seconds ;;
    --interval-seconds) INTERVAL_SECONDS=$seconds ;;
  esac
}

check_image() {
  [[ -z $IMAGE_ASKED ]] || image_is_exact "$IMAGE_ASKED" || [[ $ALLOW_TAG == true && $ADAPTER != process ]] ||
    usage_error "--image: got \"$IMAGE_ASKED\"; wants $(image_advice)"
}

# Which colour consumes, by asking both. Sets OUTGOING and INCOMING.
identify() {
  local blue green
  if [[ -n $FROM ]]; then
    OUTGOING=${FROM#none}
  else
    if ! blue=$(again "$WAIT_SECONDS" state_of blue) || ! green=$(again "$WAIT_SECONDS" state_of green); then
      error 'nobody can say which engines there are; nothing was done'
      exit "$EXIT_FAILED"
    fi
    note "blue is $blue, green is $green"
    case $blue/$green in
      active/active) usage_error 'both colours consume: stop one of them, or say with --from which is to hand over' ;;
      active/*) OUTGOING=blue ;;
      */active) OUTGOING=green ;;
      absent/absent) OUTGOING='' ;;
      # One that was drained has consumed before, and nobody has taken over. The state of the run that did that is lost.
      drained/standby | drained/absent) OUTGOING=blue ;;
      standby/drained | absent/drained) OUTGOING=green ;;
      *) usage_error 'neither colour consumes, and it cannot be told which is to: say with --from COLOUR, or --from none where none has yet' ;;
    esac
  fi
  INCOMING=$(other_colour "${OUTGOING:-green}")
}

# Another run has taken over from this one, which was out of reach for too long: two orders at once would fight.
stop_if_lost() {
  lease_is_lost || return 0
  UNDER_WAY=false
  trap '' INT TERM HUP
  error "step $STEP: another run has taken the Lease $KUBE_LEASE; all is left to it"
  save_state 'done'
  exit "$EXIT_NOT_BACK"
}

# Ends the run: back to where it was.
failed() {
  local text=$1 bundle code=$EXIT_FAILED
  stop_if_lost
  UNDER_WAY=false
  trap '' INT TERM HUP
  error "step $STEP: $text"
  if bundle=$(make_bundle "step $STEP: $text"); then note "what was seen is in $bundle"; else warn 'what was seen could not be kept'; fi
  go_back || code=$?
  exit "$code"
}

go_back() {
  local code=0
  bring_back || code=$?
  if ((code == 0)); then save_state 'done' || true; fi
  return "$code"
}

# on_signal NAME NUMBER
on_signal() {
  local code=$((128 + $2))
  stop_if_lost
  UNDER_WAY=false
  trap '' INT TERM HUP
  [[ -z $BOUNDED_PID ]] || kill "$BOUNDED_PID" 2>/dev/null || true
  error "step $STEP: ended by $1"
  if [[ $STEP == stop-outgoing ]] && finish_forward; then
    note "$INCOMING had been verified, and consumes"
    save_state 'done'
  else
    go_back || code=$?
  fi
  exit "$code"
}

# An end that nobody foresaw is a failure like another.
on_exit() {
  local code=$?
  if [[ $UNDER_WAY == true ]]; then failed "the script ended by itself (exit $code)"; fi
  leave_lease
  rm -rf -- "$TEMP_DIR"
}

run_step() {
  stop_if_lost
  STEP=$1
  UNDER_WAY=true
  save_state "$STEP"
  printf '%s== %s%s\n' "$BOLD" "$STEP" "$PLAIN"
  if [[ -n ${BLUE_GREEN_HOOK:-} ]]; then
    export OUTGOING INCOMING RUN_PID=$$
    bounded "$HOOK_SECONDS" "$BLUE_GREEN_HOOK" "$STEP" || failed "the hook failed (exit $?)"
  fi
  "step_${STEP//-/_}"
}

plan() {
  local step
  note "${OUTGOING:-nobody} hands over to $INCOMING (${IMAGE_ASKED:-what it ran last}) by $ADAPTER"
  for step in "${STEPS[@]}"; do note "  would: $step"; done
}

main() {
  parse "$@"
  need timeout flock jq awk tar
  load_adapter "$ADAPTER"
  check_adapter
  check_image
  TEMP_DIR=$(mktemp -d)
  trap on_exit EXIT
  if [[ $DRY_RUN == true ]]; then
    if is_unfinished; then
      note "would first end the earlier run that ended in its step \"$(saved step)\""
      exit 0
    fi
    identify
    plan
    exit 0
  fi
  take_lock "$STATE_DIR"
  take_lease
  local step started=$SECONDS
  if is_unfinished; then recover || exit "$?"; fi
  if [[ $RECOVER == true ]]; then
    note 'nothing is left to end'
    exit 0
  fi
  identify
  IMAGE=${IMAGE_ASKED:-$(image_of "$INCOMING")}
  if [[ -z $IMAGE && -n $OUTGOING ]]; then IMAGE=$(image_of "$OUTGOING"); fi
  note "${OUTGOING:-nobody} hands over to $INCOMING, which is to run ${IMAGE:-what its files say}"
  trap 'on_signal INT 2' INT
  trap 'on_signal TERM 15' TERM
  trap 'on_signal HUP 1' HUP
  for step in "${STEPS[@]}"; do run_step "$step"; done
  UNDER_WAY=false
  save_state 'done'
  note "$INCOMING consumes, ${OUTGOING:-nobody} did before; it took $((SECONDS - started)) s"
}

main "$@"
