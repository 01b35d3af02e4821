#!/usr/bin/env bats
# The parts that decide and compute.

setup() {
  SCRIPTS=$BATS_TEST_DIRNAME/..
  cd "$BATS_TEST_TMPDIR" || exit
  # shellcheck source=../lib/common.sh
  . "$SCRIPTS/lib/common.sh"
  # shellcheck source=../lib/http.sh
  . "$SCRIPTS/lib/http.sh"
  # shellcheck source=../lib/colours.sh
  . "$SCRIPTS/lib/colours.sh"
  # shellcheck source=../lib/run-state.sh
  . "$SCRIPTS/lib/run-state.sh"
  # shellcheck source=../lib/bundle.sh
  . "$SCRIPTS/lib/bundle.sh"
  # bats has its own way with failures.
  set +u
}

@test "a program that takes too long is ended, and its exit code is kept otherwise" {
  run bounded 1 sleep 60
  [ "$status" -eq 124 ]
  run bounded 60 bash -c 'exit 7'
  [ "$status" -eq 7 ]
  [ "$(echo in | bounded 60 cat)" = in ]
}

@test "of several answers of ctl the worst counts" {
  [ "$(worse 0 0)" = 0 ]
  [ "$(worse 0 4)" = 4 ]
  [ "$(worse 4 3)" = 3 ]
  [ "$(worse 3 7)" = 7 ]
  [ "$(worse 7 1)" = 1 ]
  [ "$(worse 1 0)" = 1 ]
}

@test "a metric is added up, or its greatest taken, over files, and is nothing where it is not there" {
  printf 'lag{p="0"} 3\nlag{p="1"} 4\nlag_other 100\n' >a
  printf 'lag{p="2"} 5.5\n' >b
  [ "$(metric sum lag a b)" = 12.500 ]
  [ "$(metric max lag a b)" = 5.500 ]
  [ -z "$(metric sum lag_none a b)" ]
}

@test "dead letters are errors" {
  printf 'processing_errors_total{stage="kafka"} 2\ndead_letters_total{reason="decode"} 3\ndead_letters_total{reason="copy"} 4\n' >a
  printf 'dead_letters_total{reason="decode"} 1\n' >b
  [ "$(errors_in a b)" = 10.000 ]
  [ "$(errors_in /dev/null)" = 0.000 ]
}

@test "the 99th percentile is that of what was gained" {
  printf 'h_bucket{le="0.1"} 1000\nh_bucket{le="0.5"} 1000\nh_bucket{le="1"} 1000\nh_bucket{le="+Inf"} 1000\n' >before
  printf 'h_bucket{le="0.1"} 1098\nh_bucket{le="0.5"} 1098\nh_bucket{le="1"} 1100\nh_bucket{le="+Inf"} 1100\n' >after
  [ "$(awk -v name=h -f "$SCRIPTS/lib/latency.awk" before after)" = 750 ]
  [ -z "$(awk -v name=h -f "$SCRIPTS/lib/latency.awk" after after2 2>/dev/null || true)" ]
  [ -z "$(cp after same && awk -v name=h -f "$SCRIPTS/lib/latency.awk" after same)" ]
  [ "$(awk -v name=h -f "$SCRIPTS/lib/latency.awk" /dev/null before)" = 99 ]
}

@test "settings lose their secrets and keep the rest" {
  run without_secrets <<'SETTINGS'
# a comment
KAFKA_BROKERS=a:9092
KAFKA_PASSWORD=very-secret
export CONTROL_TOKEN=very-secret
KAFKA_PASSWORD_FILE=/run/secrets/kafka
DATABASE_URL=postgres://u:very-secret@h/d
ENGINE_NAME=http://u:very-secret@h
REDIS_URL=
SETTINGS
  [ "$output" = 'KAFKA_BROKERS=a:9092
KAFKA_PASSWORD=[set]
CONTROL_TOKEN=[set]
KAFKA_PASSWORD_FILE=/run/secrets/kafka
DATABASE_URL=[set]
ENGINE_NAME=[redacted]
REDIS_URL=' ]
}

# window CHANGE: the verdict on a window in which all is well but for a change to the last look, a jq filter.
window() {
  jq -n '{partitions: [{partition: 0, stored: {epoch: 1, nextOffset: 10}, held: {high: 10}}], expired: [], instances: ["green"]}' >snapshot
  jq '. + {
    partitions: [{partition: 0, stored: {epoch: 2, nextOffset: 20}, held: {high: 30}}],
    health: [{instance: "green", state: "active", status: "healthy", reasons: [], started_at: "t"}],
    errors: 0, messages: 5000, resets: 0, lag_seconds: 1}' snapshot >first
  cp first before
  jq ".partitions[0].stored.nextOffset = 30 | $1" first >now
  jq -nc -f "$SCRIPTS/lib/judge-window.jq" --slurpfile snapshot snapshot --slurpfile first first --slurpfile before before \
    --slurpfile now now --argjson errors_percent 1 --argjson lag_seconds 10
}

@test "a window in which all is well has nothing against it" {
  [ "$(window .)" = '{"broken":[],"open":[]}' ]
}

@test "a window in which nothing came wants nothing to have landed" {
  window . >/dev/null
  jq '.partitions[0].held.high = 20' first >quiet
  [ "$(jq -nc -f "$SCRIPTS/lib/judge-window.jq" --slurpfile snapshot snapshot --slurpfile first quiet --slurpfile before quiet \
    --slurpfile now quiet --argjson errors_percent 1 --argjson lag_seconds 10)" = '{"broken":[],"open":[]}' ]
}

@test "a window tells what cannot become right again" {
  [[ $(window '.health = []') == *'none of its instances is left'* ]]
  [[ $(window '.health[0].state = "drained"') == *'green is drained'* ]]
  [[ $(window '.health[0].started_at = "later"') == *'green was started again in the window'* ]]
  [[ $(window '.resets = 1') == *'1 partitions have lost their position'* ]]
  [[ $(window '.expired = [0]') == *'offsets of partitions 0 have expired unread'* ]]
  [[ $(window '.errors = 50') == '{"broken":["1 errors in a hundred messages"]'* ]]
  [[ $(window '.errors = 49') == '{"broken":[],"open":[]}' ]]
}

@test "a window tells what may become right still" {
  [[ $(window '.partitions[0].stored.epoch = 1') == *'"open":["partitions 0 have not been claimed"]'* ]]
  [[ $(window '.partitions[0].stored.nextOffset = 20') == *'"open":["of partitions 0 nothing has landed"]'* ]]
  [[ $(window '.health[0].status = "unhealthy" | .health[0].reasons = ["no broker is connected"]') == *'"open":["green: no broker is connected"]'* ]]
  [[ $(window '.health[0].state = "unreachable"') == '{"broken":[],"open":["green does not answer"]}' ]]
  [[ $(window '.lag_seconds = 10.5') == *'"open":["it is 10.5 s behind, and may be 10"]'* ]]
  [[ $(window '.messages = 10 | .errors = 1') == '{"broken":[],"open":["1 errors at 10 messages"]}' ]]
}

@test "a window bears with an instance that was added and is not up yet, and not with one that was to take over" {
  [[ $(window '.health += [{instance: "added", state: "starting"}]') == '{"broken":[],"open":["added, which was added, is starting"]}' ]]
  [[ $(window '.health += [{instance: "added", state: "draining"}]') == '{"broken":[],"open":[]}' ]]
  [[ $(window '.health += [{instance: "added", state: "failed", failure: "why"}]') == '{"broken":["added is failed: why"]'* ]]
  [[ $(window '.health[0].state = "starting"') == '{"broken":["green is starting"]'* ]]
  # Seen in the first look, and scaled away before this one.
  window . >/dev/null
  jq '.health += [{instance: "added", state: "starting"}]' first >first-with-added
  [ "$(jq -nc -f "$SCRIPTS/lib/judge-window.jq" --slurpfile snapshot snapshot --slurpfile first first-with-added --slurpfile before before \
    --slurpfile now now --argjson errors_percent 1 --argjson lag_seconds 10)" = '{"broken":[],"open":[]}' ]
}

# held_while COMMAND: the lock, of a process that is dead, is held by another until somebody waits for it; then that runs COMMAND.
held_while() {
  true &
  wait $!
  printf '%d\n' $! >lock
  rm -f held waits
  flock lock -c "touch held; until [ -e waits ]; do sleep 0.05; done; $1" 3>&- &
  until [ -e held ]; do sleep 0.05; done
}

flock() {
  [[ $1 != --wait ]] || touch waits
  command flock "$@"
}

@test "the lock of a run that was killed is waited for, and that of another is not taken after it" {
  EXIT_LOCKED=3
  held_while true
  run take_lock .
  [ "$status" -eq 0 ]
  held_while 'echo 1 >>lock'
  run take_lock .
  [ "$status" -eq 3 ]
  [[ $output == *'another run is under way'* ]]
}

@test "the image of a colour goes into .env, which keeps its mode and what else it says" {
  # shellcheck source=../lib/adapter-compose.sh
  . "$SCRIPTS/lib/adapter-compose.sh"
  COMPOSE_DIR=.
  _set_image blue a
  [ "$(cat .env)" = BLUE_IMAGE=a ]
  printf 'KAFKA_TOPIC=t\nBLUE_IMAGE=a\nGREEN_IMAGE=g\n' >.env
  chmod 640 .env
  _set_image blue b
  [ "$(cat .env)" = "$(printf 'KAFKA_TOPIC=t\nGREEN_IMAGE=g\nBLUE_IMAGE=b')" ]
  [ "$(stat -c %a .env)" = 640 ]
  mkdir elsewhere && mv .env elsewhere/env && ln -s elsewhere/env .env
  _set_image green h
  [ -L .env ]
  [ "$(tail -n 1 elsewhere/env)" = GREEN_IMAGE=h ]
  [ ! -e .env.new ] && [ ! -e elsewhere/env.new ]
}
