#!/usr/bin/env bash
# The thorough look at a machine that is to run the engine, or runs it: tools, build, configuration, everything `check` looks at
# (brokers, TLS, login, topic, decoder, database, schema, roles, clock, a write that is taken back), the engine's page and
# metrics where it runs, disk, memory, limits, clock. A line each, with what to do.
#
# Usage: verify_setup.sh [flags]
#
#   --skip-check          leave out the engine's own `check`, which needs brokers and database
#   --json                one JSON object in place of the lines: {"ok":…,"checks":[{"name","status","detail","advice"}]}
#   --url URL             the running engine's HEALTH_CHECK_PORT; http://127.0.0.1:8080, or HEALTH_CHECK_PORT, by default
#   --running             that no engine runs there is a failure, and not a remark
#   --data-dir DIR        folder whose disk is looked at, the working directory by default
#   --min-disk-mb N       free there, 2048 by default (logs, heap snapshots)
#   --timeout-seconds N   for `check`, 240 by default
#   --dry-run             say what would be looked at
#   --help                print this
#
# Settings come from the environment and from .env in the working directory, as for the engine.
#
# Exit codes: 0 nothing failed (warnings are no failure), 1 something did, 2 wrong usage or configuration.
set -euo pipefail

# shellcheck source=lib/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=lib/http.sh
. "$SCRIPTS_DIR/lib/http.sh"
# shellcheck source=lib/setup-checks.sh
. "$SCRIPTS_DIR/lib/setup-checks.sh"

JSON=false DRY_RUN=false CHECK=true RUNNING=false URL='' DATA_DIR=. MIN_DISK_MB=2048 TIMEOUT_SECONDS=240

while (($# > 0)); do
  case $1 in
    --url | --data-dir | --min-disk-mb | --timeout-seconds)
      (($# >= 2)) || usage_error "$1 wants a value"
      ;;&
    --url) URL=${2%/} && shift ;;
    --data-dir) DATA_DIR=$2 && shift ;;
    --min-disk-mb) { MIN_DISK_MB=$(number_of "$1" "$2" 0 999999999) || exit "$EXIT_USAGE"; } && shift ;;
    --timeout-seconds) { TIMEOUT_SECONDS=$(number_of "$1" "$2" 1 3600) || exit "$EXIT_USAGE"; } && shift ;;
    --skip-check) CHECK=false ;;
    --running) RUNNING=true ;;
    --json) JSON=true ;;
    --dry-run) DRY_RUN=true ;;
    --help | -h) print_help && exit 0 ;;
    *) usage_error "there is no flag $1" ;;
  esac
  shift
done
[[ -d $DATA_DIR ]] || usage_error "--data-dir: $DATA_DIR is no folder"
[[ -z $URL || $URL =~ ^https?://[^/@[:space:]]+$ ]] || usage_error "--url: got \"$URL\"; wants an address like http://engine:8080"

parts=(tools node build)
[[ $CHECK == false ]] || parts+=(engine_check)
parts+=(page metrics disk memory limits clock)
if [[ $DRY_RUN == true ]]; then
  for part in "${parts[@]}"; do note "would look at: ${part//_/ }"; done
  exit 0
fi

TEMP_DIR=$(mktemp -d)
trap 'rm -rf -- "$TEMP_DIR"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
CONFIGURATION_WRONG=false
for part in "${parts[@]}"; do "setup_$part"; done

if [[ $JSON == true ]]; then jq -cs --argjson failed "$RESULTS_FAILED" '{ok: ($failed == 0), checks: .}' "$TEMP_DIR/results.json"; fi
if [[ $CONFIGURATION_WRONG == true ]]; then exit "$EXIT_USAGE"; fi
((RESULTS_FAILED == 0)) || exit "$EXIT_FAILED"
