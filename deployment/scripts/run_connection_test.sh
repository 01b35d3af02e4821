#!/usr/bin/env bash
# Tries the ways to the brokers and to the database, one layer after another, and nothing else: names, ports, TLS, login, topic and
# group; the database. Joins no group and changes nothing. The engine's own `check` does the work, and says what to do.
#
# Usage: run_connection_test.sh [flags]
#
#   --only brokers|database   leave the other out
#   --json                    the checks as `check --json` has them, a JSON list
#   --timeout-seconds N       for all of it, 180 by default
#   --adapter compose|kubernetes|process   run it where a deployed engine runs, with its settings; see deploy_blue_green.sh
#   --colour blue|green, --process-dir DIR, --compose-file FILE, --project NAME, --namespace NS, --context NAME
#   --dry-run                 say what would be run
#   --help                    print this
#
# Settings come from the environment and from .env in the working directory, as for the engine.
#
# Exit codes: 0 all of it works, 1 no answer, 2 wrong usage or configuration; else the first layer that fails: 10 names (DNS),
#   11 ports (TCP), 12 certificates (TLS), 13 login (SASL), 14 topic or group, 15 database.
set -euo pipefail

# shellcheck source=lib/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=lib/http.sh
. "$SCRIPTS_DIR/lib/http.sh"
# shellcheck source=lib/colours.sh
. "$SCRIPTS_DIR/lib/colours.sh"
# shellcheck source=lib/targets.sh
. "$SCRIPTS_DIR/lib/targets.sh"

ONLY='' JSON=false DRY_RUN=false TIMEOUT_SECONDS=180

# Name of a check, what people call it, and the exit code where it is the first that fails.
readonly BROKER_LAYERS='libraries client 12
dns DNS 10
brokers TCP 11
certificates certificates 12
tls TLS 12
credentials SASL 13
topic topic 14
group group 14'
readonly DATABASE_LAYERS='database database 15'

while (($# > 0)); do
  if is_target_flag "$1" || [[ $1 =~ ^(--only|--timeout-seconds)$ ]]; then
    (($# >= 2)) || usage_error "$1 wants a value"
    case $1 in
      --only) ONLY=$2 ;;
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
[[ $ONLY =~ ^(|brokers|database)$ ]] || usage_error "--only: got \"$ONLY\"; wants brokers or database"

if [[ $DRY_RUN == true ]]; then
  note "would run \`check --json\` ${ADAPTER:+by $ADAPTER }for at most $TIMEOUT_SECONDS s and tell ${ONLY:-brokers and database}"
  exit 0
fi
open_targets
layers=$BROKER_LAYERS$'\n'$DATABASE_LAYERS
[[ $ONLY != brokers ]] || layers=$BROKER_LAYERS
[[ $ONLY != database ]] || layers=$DATABASE_LAYERS

TEMP_DIR=$(mktemp -d)
trap 'rm -rf -- "$TEMP_DIR"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
answer=$TEMP_DIR/check.json
status=0
engine "$TIMEOUT_SECONDS" check --json >"$answer" 2>"$TEMP_DIR/stderr" || status=$?
if ! jq -e '.checks' "$answer" >/dev/null 2>&1; then
  if ((status == 124 || status == 137)); then error "no answer within $TIMEOUT_SECONDS s"; fi
  tail -n 5 -- "$TEMP_DIR/stderr" >&2
  exit "$EXIT_FAILED"
fi

field() { jq -r --arg name "$1" --arg field "$2" '.checks[] | select(.name == $name) | .[$field]' "$answer"; }

code=0
if [[ $(field configuration status) == fail ]]; then
  code=$EXIT_USAGE
  [[ $JSON == true ]] || result fail configuration "$(field configuration detail)" "$(field configuration advice)"
fi
names=()
while read -r name called exit_code; do
  names+=("$name")
  [[ $JSON == true ]] || result "$(field "$name" status)" "$called" "$(field "$name" detail)" "$(field "$name" advice)"
  if [[ $(field "$name" status) == fail ]] && ((code == 0)); then code=$exit_code; fi
done <<<"$layers"
if [[ $JSON == true ]]; then
  jq -c '.checks | map(select(.name | IN($ARGS.positional[])))' --args configuration "${names[@]}" <"$answer"
fi
exit "$code"
