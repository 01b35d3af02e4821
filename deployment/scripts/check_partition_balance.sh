#!/usr/bin/env bash
# Holds the partitions against their owners: whether each has one that is up and consumes, whether they are shared out evenly, and
# whether one is further behind than the others. Asks the database and the brokers by the engine's `status`, and each engine for its
# state and its partitions, which tells of one that has none; engines may be down.
#
# Usage: check_partition_balance.sh [flags]
#
#   --max-difference N    partitions that one engine may have more than another, 1 by default
#   --max-lag N           messages that one partition may be behind, 0 (the default) for any number
#   --url URL             an engine's HEALTH_CHECK_PORT; may be given again; http://127.0.0.1:8080 by default. That nobody consumes a
#                         partition is told where as many answer as the database knows owners that are up
#   --json                the verdict as JSON
#   --timeout-seconds N   60 by default
#   --adapter compose|kubernetes|process   ask where a deployed engine runs, with its settings; see deploy_blue_green.sh
#   --colour blue|green, --process-dir DIR, --compose-file FILE, --project NAME, --namespace NS, --context NAME
#   --dry-run             say what would be run
#   --help                print this
#
# Exit codes: 0 balanced, 1 no answer, 2 wrong usage or configuration, 3 not balanced: see what it says.
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
MAX_DIFFERENCE=1 MAX_LAG=0 JSON=false DRY_RUN=false TIMEOUT_SECONDS=60

while (($# > 0)); do
  if is_target_flag "$1" || [[ $1 =~ ^--(max-difference|max-lag|timeout-seconds)$ ]]; then
    (($# >= 2)) || usage_error "$1 wants a value"
    case $1 in
      --max-difference) MAX_DIFFERENCE=$(number_of "$1" "$2" 0 100000) || exit "$EXIT_USAGE" ;;
      --max-lag) MAX_LAG=$(number_of "$1" "$2" 0 999999999) || exit "$EXIT_USAGE" ;;
      --timeout-seconds) TIMEOUT_SECONDS=$(number_of "$1" "$2" 1 3600) || exit "$EXIT_USAGE" ;;
      *) target_flag "$1" "$2" ;;
    esac
    shift 2
    continue
  fi
  case $1 in
    --json) JSON=true ;;
    --dry-run) DRY_RUN=true ;;
    --help | -h) print_help && exit 0 ;;
    *) usage_error "there is no flag $1" ;;
  esac
  shift
done

if [[ $DRY_RUN == true ]]; then
  note "would run \`status --json\` ${ADAPTER:+by $ADAPTER }for at most $TIMEOUT_SECONDS s"
  exit 0
fi
# All engines are asked, or those that were named, or perhaps one of many.
all=false named=true
if [[ -n $ADAPTER && -z $COLOUR ]]; then all=true; fi
if [[ -z $ADAPTER ]] && ((${#URLS[@]} == 0)); then named=false; fi
open_targets
TEMP_DIR=$(mktemp -d)
trap 'rm -rf -- "$TEMP_DIR"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

status=0
engine "$TIMEOUT_SECONDS" status --json --seconds 0 >"$TEMP_DIR/status.json" 2>"$TEMP_DIR/stderr" || status=$?
if ! jq -e '.partitions' "$TEMP_DIR/status.json" >/dev/null 2>&1; then
  tail -n 5 -- "$TEMP_DIR/stderr" >&2
  if ((status == 2)); then exit "$EXIT_USAGE"; fi
  error "the engine's \`status\` gave no answer (exit $status)"
  exit "$EXIT_FAILED"
fi
targets >"$TEMP_DIR/targets" || exit "$EXIT_FAILED"
while IFS= read -r target; do
  [[ -n $target ]] || continue
  ask "$target" /health >"$TEMP_DIR/health.json" 2>/dev/null || true
  jq -c --arg name "$target" 'select(.components) | {name: $name, state, partitions}' "$TEMP_DIR/health.json" 2>/dev/null | grep . ||
    jq -cn --arg name "$target" '{name: $name, state: "no answer", partitions: []}'
done <"$TEMP_DIR/targets" >"$TEMP_DIR/engines.json"
jq --argjson difference "$MAX_DIFFERENCE" --argjson lag "$MAX_LAG" --argjson all "$all" --argjson named "$named" \
  --slurpfile engines "$TEMP_DIR/engines.json" -f "$SCRIPTS_DIR/lib/judge-balance.jq" "$TEMP_DIR/status.json" >"$TEMP_DIR/verdict.json"
if [[ $JSON == true ]]; then
  jq -c . "$TEMP_DIR/verdict.json"
else
  jq -r '"\(.group) on \(.topic): \(.partitions) partitions",
    (.owners[] | "  \(.partitions | tostring | (" " * (4 - length)) + .)  \(.owner)\(if .up then "" else " (not up)" end), \(.lag // "?") messages behind"),
    (.engines[] | "  \(.partitions | tostring | (" " * (4 - length)) + .)  \(.name) (\(.state))"),
    (.missing[]), (.findings[] | "→ \(.)"), (if .findings == [] and .missing == [] then "balanced" else empty end)' "$TEMP_DIR/verdict.json"
fi
if jq -e '.missing != []' "$TEMP_DIR/verdict.json" >/dev/null; then exit "$EXIT_FAILED"; fi
jq -e '.findings == []' "$TEMP_DIR/verdict.json" >/dev/null || exit "$EXIT_LOOK"
