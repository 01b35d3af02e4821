#!/usr/bin/env bats
# What check_partition_balance.sh makes of what `status` and the engines say. Both are stood in for.

setup() {
  cd "$BATS_TEST_DIRNAME/.." || exit
  export ENGINE_MAIN=$BATS_TEST_TMPDIR/engine.cjs
  echo 'process.stdout.write(require("node:fs").readFileSync(__dirname + "/status.json"))' >"$ENGINE_MAIN"
  # What the engine at 127.0.0.2 says of itself is in the file of that name.
  cat >"$BATS_TEST_TMPDIR/engines.cjs" <<'SERVER'
const fs = require("node:fs");
const server = require("node:http").createServer(({ socket }, response) => {
  try { response.end(fs.readFileSync(`${__dirname}/${socket.localAddress}`)) } catch { response.destroy() }
});
server.listen(0, "0.0.0.0", () => fs.writeFileSync(`${__dirname}/port`, String(server.address().port)));
SERVER
  node "$BATS_TEST_TMPDIR/engines.cjs" 3>&- &
  SERVER=$!
  until [ -s "$BATS_TEST_TMPDIR/port" ]; do sleep 0.05; done
  PORT=$(<"$BATS_TEST_TMPDIR/port")
}

teardown() { kill "$SERVER"; }

# owns OWNER=PARTITIONS…: what `status` says of four partitions, all of whose owners are up.
owns() {
  jq -n --args '[$ARGS.positional[] / "=" | {owner: .[0], up: true, partitions: (.[1] | tonumber), lag: 0}] as $owners
    | {group: "g", topic: "t", owners: $owners, unowned: [], expired: [], missing: [],
       partitions: [range(4) | {partition: ., ownerUp: true, lag: 0, stored: {owner: "a", epoch: 7}}]}' "$@" >"$BATS_TEST_TMPDIR/status.json"
}

# engine NUMBER STATE EPOCH PARTITION…
engine() {
  jq -n --arg state "$2" --argjson epoch "$3" --args \
    '{state: $state, components: {}, partitions: [$ARGS.positional[] | {topic: "t", partition: tonumber, epoch: $epoch}]}' "${@:4}" >"$BATS_TEST_TMPDIR/127.0.0.$1"
}

# balance NUMBER…: of these engines.
balance() {
  local number urls=()
  for number in "$@"; do urls+=(--url "http://127.0.0.$number:$PORT"); done
  run ./check_partition_balance.sh "${urls[@]}"
  echo "$output"
}

@test "two engines that share are balanced" {
  owns a=2 b=2
  engine 1 active 7 0 1
  engine 2 active 7 2 3
  balance 1 2
  [ "$status" -eq 0 ]
  [[ $output == *balanced ]]
}

@test "an engine that consumes and has nothing beside one that has all is told" {
  owns a=4
  engine 1 active 7 0 1 2 3
  engine 2 active 0
  balance 1 2
  [ "$status" -eq 3 ]
  [[ $output == *'one engine has 4 partitions more than another'* ]]
  engine 2 standby 0
  balance 1 2
  [ "$status" -eq 0 ]
}

@test "an engine that is up and drained owns nothing" {
  owns a=4
  engine 1 drained 0
  balance 1
  [ "$status" -eq 3 ]
  [[ $output == *'partitions 0, 1, 2, 3 have no owner that is up and consumes'* ]]
  # Nor does one whose claim is an older one.
  engine 1 active 6 0 1 2 3
  balance 1
  [ "$status" -eq 3 ]
}

@test "one of many engines is not taken for all of them" {
  owns a=2 b=2
  engine 1 active 7 0 1
  balance 1
  [ "$status" -eq 0 ]
}

@test "an engine that was named and does not answer is told" {
  owns a=4
  engine 1 active 7 0 1 2 3
  balance 1 3
  [ "$status" -eq 3 ]
  [[ $output == *"http://127.0.0.3:$PORT does not answer"* ]]
}
