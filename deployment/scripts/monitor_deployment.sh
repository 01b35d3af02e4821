#!/usr/bin/env bash
# Watches a deployment in a terminal: a line for each engine, the sum, and what is beyond its limit, every few seconds. Pace, errors
# (dead letters are such) and latency are those since the look before.
#
# Usage: monitor_deployment.sh [--once | --seconds N] [flags]
#
#   --once                one view, and an exit code
#   --seconds N           end after N seconds; by default it goes on until Ctrl-C
#   --interval-seconds N  between two looks, 5 by default
#   --url URL             an engine's HEALTH_CHECK_PORT; may be given again; http://127.0.0.1:8080 by default
#   --timeout-seconds N   for each answer, 5 by default
#   --adapter compose|kubernetes|process   the engines that it runs; see deploy_blue_green.sh
#   --colour blue|green, --process-dir DIR, --compose-file FILE, --project NAME, --namespace NS, --context NAME
# Limits, those of the alerts:
#   --max-lag N (10000)   --max-lag-seconds N (60)   --max-errors-percent N (1)   --max-p99-ms N (500)   --max-memory-percent N (80)
#   --min-rate N (100)    messages a second of all together, while a backlog waits
#   --dry-run             say what would be asked
#   --help                print this
#
# Exit codes: 0 within all limits, 1 no engine answers, 2 wrong usage, 3 something is beyond its limit; by the last view.
set -euo pipefail

# shellcheck source=lib/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=lib/http.sh
. "$SCRIPTS_DIR/lib/http.sh"
# shellcheck source=lib/colours.sh
. "$SCRIPTS_DIR/lib/colours.sh"
# shellcheck source=lib/targets.sh
. "$SCRIPTS_DIR/lib/targets.sh"

readonly EXIT_LOOK=3
ONCE=false DRY_RUN=false DURATION=0 INTERVAL=5
declare -A LIMITS=([lag]=10000 [lag-seconds]=60 [errors-percent]=1 [p99-ms]=500 [memory-percent]=80 [rate]=100)

while (($# > 0)); do
  if is_target_flag "$1" || [[ $1 =~ ^--(seconds|interval-seconds|timeout-seconds|min-rate|max-(lag|lag-seconds|errors-percent|p99-ms|memory-percent))$ ]]; then
    (($# >= 2)) || usage_error "$1 wants a value"
    case $1 in
      --seconds) DURATION=$(number_of "$1" "$2" 1 86400) || exit "$EXIT_USAGE" ;;
      --interval-seconds) INTERVAL=$(number_of "$1" "$2" 1 3600) || exit "$EXIT_USAGE" ;;
      --timeout-seconds) ASK_SECONDS=$(number_of "$1" "$2" 1 300) || exit "$EXIT_USAGE" ;;
      --min-* | --max-*) LIMITS[${1#--m??-}]=$(number_of "$1" "$2" 0 999999999) || exit "$EXIT_USAGE" ;;
      *) target_flag "$1" "$2" ;;
    esac
    shift 2
    continue
  fi
  case $1 in
    --once) ONCE=true ;;
    --dry-run) DRY_RUN=true ;;
    --help | -h) print_help && exit 0 ;;
    *) usage_error "there is no flag $1" ;;
  esac
  shift
done
[[ $ONCE == false || $DURATION == 0 ]] || usage_error '--once and --seconds exclude one another'

if [[ $DRY_RUN == true ]]; then
  if [[ -n $ADAPTER ]]; then asked="the engines of $ADAPTER"; else asked=$(targets | paste -sd ' ' -); fi
  if [[ $ONCE == true ]]; then how=once; elif ((DURATION > 0)); then how="for $DURATION s"; else how='until Ctrl-C'; fi
  note "would look at $asked every $INTERVAL s, $how"
  exit 0
fi
open_targets
need awk
TEMP_DIR=$(mktemp -d)
CODE=$EXIT_FAILED
trap 'rm -rf -- "$TEMP_DIR"' EXIT
# Ctrl-C is how one ends it.
trap 'exit "$CODE"' INT TERM

# look FOLDER: health and metrics of each engine, numbered, and when that was.
look() {
  local target index=0
  rm -rf -- "$1" && mkdir -p -- "$1"
  while IFS= read -r target; do
    [[ -n $target ]] || continue
    index=$((index + 1))
    printf '%s\n' "$target" >"$1/$index.name"
    ask "$target" /health >"$1/$index.json" 2>/dev/null || true
    jq -e '.components' "$1/$index.json" >/dev/null 2>&1 || rm -f -- "$1/$index.json"
    ask "$target" /metrics >"$1/$index.txt" 2>/dev/null || rm -f -- "$1/$index.txt"
  done < <(targets)
  now_ms >"$1/at"
}

# grown BEFORE AFTER: what a counter grew by; an engine that was started again counts from nothing.
grown() { awk -v a="$1" -v b="$2" 'BEGIN { d = b - a; printf "%.3f", (d < 0 ? b : d) + 0 }'; }

# gained NAME BEFORE AFTER
gained() { grown "$(metric sum "$1" "$2")" "$(metric sum "$1" "$3")"; }

# view BEFORE AFTER: a JSON object for each engine.
view() {
  local file index before seconds
  seconds=$(awk -v a="$(<"$1/at")" -v b="$(<"$2/at")" 'BEGIN { print (b - a) / 1000 }')
  for file in "$2"/*.name; do
    [[ -r $file ]] || continue
    index=$(basename -- "$file" .name)
    if [[ ! -r $2/$index.json || ! -r $2/$index.txt ]]; then
      jq -cn --arg name "$(<"$file")" '{name: $name, state: "no answer"}'
      continue
    fi
    # The list may have changed meanwhile.
    before=/dev/null
    if [[ -r $1/$index.txt && $(<"$1/$index.name") == "$(<"$file")" ]]; then before=$1/$index.txt; fi
    jq -c --arg name "$(<"$file")" --argjson seconds "$seconds" \
      --argjson messages "$(gained messages_processed_total "$before" "$2/$index.txt")" \
      --argjson trades "$(gained trades_written_total "$before" "$2/$index.txt")" \
      --argjson errors "$(grown "$(errors_in "$before")" "$(errors_in "$2/$index.txt")")" \
      --argjson p99 "$(awk -v name=end_to_end_latency_seconds -f "$SCRIPTS_DIR/lib/latency.awk" "$before" "$2/$index.txt" | grep . || echo null)" \
      --argjson memory "$(metric sum process_resident_memory_bytes "$2/$index.txt" | grep . || echo null)" \
      --argjson limit "$(metric sum process_memory_limit_bytes "$2/$index.txt" | grep . || echo null)" '
      {name: $name, state, colour, lag, p99: $p99, messages: $messages, errors: $errors,
       connected: .kafka_connected, partitions: (.partitions | length), breaker: .components.database.breaker, reasons,
       rate: ($messages / $seconds), trades: ($trades / $seconds), lag_seconds: ([.partitions[].lag_seconds // 0] | max),
       memory: (if $memory and $limit then 100 * $memory / $limit else null end)}' "$2/$index.json"
  done
}

limits=$(for name in "${!LIMITS[@]}"; do jq -cn --arg name "$name" --argjson value "${LIMITS[$name]}" '{($name): $value}'; done | jq -cs add)
started=$SECONDS
look "$TEMP_DIR/before"
while :; do
  pause "$INTERVAL"
  look "$TEMP_DIR/after"
  view "$TEMP_DIR/before" "$TEMP_DIR/after" >"$TEMP_DIR/view.json"
  jq -rs --argjson limits "$limits" -f "$SCRIPTS_DIR/lib/monitor-view.jq" "$TEMP_DIR/view.json" >"$TEMP_DIR/view.txt"
  if [[ -t 1 && $ONCE == false ]]; then printf '\e[H\e[2J'; fi
  note "$BOLD$(date '+%F %T')$PLAIN"
  sed "s/^→ .*/$RED&$PLAIN/" "$TEMP_DIR/view.txt"
  CODE=0
  if grep -q '^→ ' "$TEMP_DIR/view.txt"; then CODE=$EXIT_LOOK; fi
  if jq -es 'all(.state == "no answer")' "$TEMP_DIR/view.json" >/dev/null; then CODE=$EXIT_FAILED; fi
  if [[ $ONCE == true ]] || ((DURATION > 0 && SECONDS - started >= DURATION)); then break; fi
  rm -rf -- "$TEMP_DIR/before" && mv -- "$TEMP_DIR/after" "$TEMP_DIR/before"
  note ''
done
exit "$CODE"
