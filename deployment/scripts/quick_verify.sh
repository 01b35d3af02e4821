#!/usr/bin/env bash
# Whether a running deployment is well, in seconds: of each engine its routes, state, brokers, database and breaker, metrics; and how
# far they are behind together. For the thorough look see verify_setup.sh.
#
# Usage: quick_verify.sh [flags]
#
#   --url URL             an engine's HEALTH_CHECK_PORT; may be given again; http://127.0.0.1:8080 by default
#   --max-lag N           messages that all of them together may be behind, 10000 by default
#   --max-lag-seconds N   seconds that any may be behind, 60 by default
#   --timeout-seconds N   for each answer, 5 by default
#   --adapter compose|kubernetes|process   the engines that it runs; see deploy_blue_green.sh
#   --colour blue|green, --process-dir DIR, --compose-file FILE, --project NAME, --namespace NS, --context NAME
#   --dry-run             say what would be asked
#   --help                print this
#
# A colour that is on standby or drained is well if it says so of itself; one of all must be active.
#
# Exit codes: 0 well, 1 something is not, 2 wrong usage.
set -euo pipefail

# shellcheck source=lib/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=lib/http.sh
. "$SCRIPTS_DIR/lib/http.sh"
# shellcheck source=lib/colours.sh
. "$SCRIPTS_DIR/lib/colours.sh"
# shellcheck source=lib/targets.sh
. "$SCRIPTS_DIR/lib/targets.sh"

MAX_LAG=10000 MAX_LAG_SECONDS=60 DRY_RUN=false

while (($# > 0)); do
  if is_target_flag "$1" || [[ $1 =~ ^--(max-lag|max-lag-seconds|timeout-seconds)$ ]]; then
    (($# >= 2)) || usage_error "$1 wants a value"
    case $1 in
      --max-lag) MAX_LAG=$(number_of "$1" "$2" 0 999999999) || exit "$EXIT_USAGE" ;;
      --max-lag-seconds) MAX_LAG_SECONDS=$(number_of "$1" "$2" 0 999999999) || exit "$EXIT_USAGE" ;;
      --timeout-seconds) ASK_SECONDS=$(number_of "$1" "$2" 1 300) || exit "$EXIT_USAGE" ;;
      *) target_flag "$1" "$2" ;;
    esac
    shift 2
    continue
  fi
  case $1 in
    --dry-run) DRY_RUN=true ;;
    --help | -h) print_help && exit 0 ;;
    *) usage_error "there is no flag $1" ;;
  esac
  shift
done

if [[ $DRY_RUN == true ]]; then
  if [[ -z $ADAPTER ]]; then while IFS= read -r target; do note "would ask $target for /health, /live, /ready, /metrics"; done < <(targets); fi
  [[ -z $ADAPTER ]] || note "would ask the engines of $ADAPTER for /health, /live, /ready, /metrics"
  exit 0
fi
open_targets
TEMP_DIR=$(mktemp -d)
trap 'rm -rf -- "$TEMP_DIR"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# route TARGET NAME: ok where it is healthy.
route() {
  local body=$TEMP_DIR/body.json
  if ! ask "$1" "/$2" >"$body" 2>"$TEMP_DIR/stderr" || ! jq -e '.status' "$body" >/dev/null 2>&1; then
    result fail "/$2" "no answer ($(tail -n 1 -- "$TEMP_DIR/stderr"))"
  elif jq -e '.status == "healthy"' "$body" >/dev/null; then
    result ok "/$2" "$(jq -r '.state' "$body")"
  elif [[ $2 == ready && $(jq -r '.state' "$body") == drained ]]; then
    result warn "/$2" 'drained: it takes no part until it is resumed'
  else
    result fail "/$2" "$(jq -r '.reasons | join("; ")' "$body")"
  fi
}

active=0 lag=0 lag_seconds=0 unknown=false
look_at() {
  local health=$TEMP_DIR/health.json metrics=$TEMP_DIR/metrics.txt state
  note "$BOLD$1$PLAIN"
  if ! ask "$1" /health >"$health" 2>"$TEMP_DIR/stderr" || ! jq -e '.components' "$health" >/dev/null 2>&1; then
    result fail /health "no answer ($(tail -n 1 -- "$TEMP_DIR/stderr"))" 'Is the engine up, and is this its HEALTH_CHECK_PORT?'
    return
  fi
  state=$(jq -r '.state' "$health")
  result ok /health "$(jq -r '"\(.state)\(if .colour then ", \(.colour)" else "" end), version \(.version), up for \(.uptime_seconds | floor) s"' "$health")"
  route "$1" live
  route "$1" ready
  if [[ $(jq -r '.kafka_connected' "$health") == true ]]; then result ok brokers connected; else result fail brokers 'not connected' 'run_connection_test.sh tells where it ends.'; fi
  case $(jq -r '"\(.database_connected)/\(.components.database.breaker)"' "$health") in
    true/closed) result ok database 'connected, breaker closed' ;;
    */open) result fail database 'given up: the breaker is open' 'run_connection_test.sh --only database tells why.' ;;
    *) result warn database "$(jq -r '"connected: \(.database_connected), breaker \(.components.database.breaker)"' "$health")" ;;
  esac
  if ask "$1" /metrics >"$metrics" 2>"$TEMP_DIR/stderr" && [[ -n $(metric sum engine_state "$metrics") ]]; then
    result ok /metrics "$(grep -vc '^#' "$metrics") series"
  else
    result fail /metrics "no answer ($(tail -n 1 -- "$TEMP_DIR/stderr"))"
  fi
  [[ $state == active ]] || return 0
  active=$((active + 1))
  if [[ $(jq -r '.lag' "$health") == null ]]; then unknown=true; else lag=$((lag + $(jq '.lag' "$health"))); fi
  lag_seconds=$(jq --argjson most "$lag_seconds" '[.partitions[].lag_seconds // 0, $most] | max | floor' "$health")
}

count=0
while IFS= read -r target; do
  [[ -n $target ]] || continue
  count=$((count + 1))
  look_at "$target"
done < <(targets)

note "${BOLD}together$PLAIN"
((count > 0)) || result fail engines 'there is none'
if ((active > 0)); then
  result ok active "$active of $count"
  if [[ $unknown == true ]]; then
    result fail lag 'not known' 'The brokers do not tell where the partitions end.'
  elif ((lag > MAX_LAG || lag_seconds > MAX_LAG_SECONDS)); then
    result fail lag "$lag messages, $lag_seconds s behind (at most $MAX_LAG and $MAX_LAG_SECONDS)" 'RUNBOOK.md: HighConsumerLag.'
  else
    result ok lag "$lag messages, $lag_seconds s behind"
  fi
elif ((count > 0)); then
  result fail active 'no engine consumes' 'Tell one: ctl activate; or deploy_blue_green.sh --recover after a hand-over that was cut short.'
fi
((RESULTS_FAILED == 0)) || exit "$EXIT_FAILED"
