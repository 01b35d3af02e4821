#!/usr/bin/env bats
# How the scripts are called: help, dry runs, what is refused. Needs no engine, no broker, no network.

SCRIPTS=(verify_setup quick_verify run_connection_test deploy_blue_green monitor_deployment check_partition_balance)

setup() {
  cd "$BATS_TEST_DIRNAME/.." || exit
  unset HEALTH_CHECK_PORT NO_COLOR
}

@test "each script tells its usage and its exit codes, and names every flag it takes" {
  for script in "${SCRIPTS[@]}"; do
    run "./$script.sh" --help
    [ "$status" -eq 0 ]
    [[ $output == *"Usage: $script.sh"* ]]
    [[ $output == *'Exit codes: 0 '* ]]
    [[ $output != *'set -euo'* ]]
    while IFS= read -r flag; do
      [[ $output == *"$flag"* ]] || { echo "$script.sh --help does not name $flag"; false; }
    done < <(sed -n '/while ((\$# > 0))/,/^ *done/p' "$script.sh" | grep -oE -- '--[a-z][a-z-]+[a-z]' | sort -u)
  done
}

@test "each script refuses a flag that it does not know, and one without its value" {
  for script in "${SCRIPTS[@]}"; do
    run "./$script.sh" --no-such-flag
    [ "$status" -eq 2 ]
    [[ $output == *'there is no flag --no-such-flag'* ]]
    [[ $output == *"See $script.sh --help."* ]]
    run "./$script.sh" --timeout-seconds
    [ "$status" -eq 2 ]
  done
}

@test "each script refuses a number that is none or out of bounds" {
  for call in 'verify_setup --timeout-seconds 0' 'quick_verify --max-lag many' 'run_connection_test --timeout-seconds -1' \
    'monitor_deployment --interval-seconds 0' 'monitor_deployment --max-p99-ms 1.5' 'check_partition_balance --max-difference x' \
    'deploy_blue_green --window-seconds 0' 'deploy_blue_green --wait-seconds 99999999999'; do
    # shellcheck disable=SC2086 # words on purpose
    set -- $call
    run "./$1.sh" "$2" "$3"
    [ "$status" -eq 2 ] || { echo "$call: $output"; false; }
    [[ $output == *"$2: got \"$3\"; wants a number from "* ]]
  done
}

@test "each script refuses addresses and names that are none" {
  run ./quick_verify.sh --url 'http://user:word@engine:8080'
  [ "$status" -eq 2 ]
  run ./verify_setup.sh --url engine:8080
  [ "$status" -eq 2 ]
  run ./monitor_deployment.sh --colour red
  [ "$status" -eq 2 ]
  run ./check_partition_balance.sh --adapter swarm
  [ "$status" -eq 2 ]
  [[ $output == *'wants compose, kubernetes or process'* ]]
  run ./run_connection_test.sh --only redis
  [ "$status" -eq 2 ]
  run ./monitor_deployment.sh --once --seconds 5
  [ "$status" -eq 2 ]
  run ./quick_verify.sh --adapter process --process-dir /nonexistent
  [ "$status" -eq 2 ]
  [[ $output == *'/nonexistent/blue/.env is not there'* ]]
}

# shellcheck disable=SC2016 # the backquotes are text
@test "a dry run says what would be done" {
  run ./verify_setup.sh --dry-run --skip-check
  [ "$output" = 'would look at: tools
would look at: node
would look at: build
would look at: page
would look at: metrics
would look at: disk
would look at: memory
would look at: limits
would look at: clock' ]
  run ./quick_verify.sh --dry-run --url http://a:1/ --url https://b
  [ "$output" = 'would ask http://a:1 for /health, /live, /ready, /metrics
would ask https://b for /health, /live, /ready, /metrics' ]
  run ./run_connection_test.sh --dry-run --only brokers --timeout-seconds 030
  [ "$output" = 'would run `check --json` for at most 30 s and tell brokers' ]
  run ./monitor_deployment.sh --dry-run --seconds 60
  [ "$output" = 'would look at http://127.0.0.1:8080 every 5 s, for 60 s' ]
  run ./check_partition_balance.sh --dry-run --adapter kubernetes
  [ "$output" = 'would run `status --json` by kubernetes for at most 60 s' ]
}

@test "a dry run of a hand-over names the steps, and changes nothing" {
  folder=$BATS_TEST_TMPDIR/processes
  mkdir -p "$folder/blue" "$folder/green" "$folder/release/dist/src"
  touch "$folder/blue/.env" "$folder/green/.env"
  run ./deploy_blue_green.sh --adapter process --process-dir "$folder" --state-dir "$folder/state" --from green --image "$folder/release" --dry-run
  [ "$status" -eq 0 ]
  [ "$output" = "green hands over to blue ($folder/release) by process
  would: start
  would: self-test
  would: snapshot
  would: drain
  would: activate
  would: verify
  would: stop-outgoing" ]
  [ ! -e "$folder/state" ]
  run ./deploy_blue_green.sh --adapter process --process-dir "$folder" --state-dir "$folder/state" --image "$folder/none"
  [ "$status" -eq 2 ]
  [[ $output == *'wants a folder with dist/src/main.cjs'* ]]
}

@test "what is piped has no escape codes" {
  run ./verify_setup.sh --skip-check --url http://127.0.0.1:1
  [[ $output != *$'\e'* ]]
  [[ $output == *'no engine runs at http://127.0.0.1:1'* ]]
}

@test "of the colours that are prepared for compose blue is the one that consumes" {
  KAFKA_PASSWORD=for-tests run ../compose/prepare.sh --folder "$BATS_TEST_TMPDIR"
  [ "$status" -eq 0 ]
  [ "$(cat "$BATS_TEST_TMPDIR/state/blue/start-mode")" = active ]
  [ "$(cat "$BATS_TEST_TMPDIR/state/green/start-mode")" = standby ]
}
