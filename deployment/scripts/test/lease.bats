#!/usr/bin/env bats
# The lock in a cluster, whose API server is stood in for by a file.

setup() {
  SCRIPTS=$BATS_TEST_DIRNAME/..
  cd "$BATS_TEST_TMPDIR" || exit
  # shellcheck source=../lib/common.sh
  . "$SCRIPTS/lib/common.sh"
  LEASE_SECONDS=4 LEASE_RENEW_SECONDS=1
  # shellcheck source=../lib/lease.sh
  . "$SCRIPTS/lib/lease.sh"
  EXIT_LOCKED=3 TEMP_DIR=. AWAY=''
  # bats has its own way with failures.
  set +u
}

teardown() { [[ -z $LEASE_RENEWER ]] || kill "$LEASE_RENEWER"; }

# _kubectl SECONDS get|create|replace …: an object is only taken in place of the version it names.
_kubectl() {
  local given version
  [[ -z $AWAY ]] || return 1
  if [[ $2 == get ]]; then
    [[ ! -s lease.json ]] || jq -rj '"\(.metadata.resourceVersion) \(.spec.holderIdentity)"' lease.json
    return
  fi
  given=$(cat)
  exec 9>>lease.lock
  flock 9
  version=$(jq -r .metadata.resourceVersion lease.json 2>/dev/null) || true
  [[ $(jq -r '.metadata.resourceVersion // ""' <<<"$given") == "$version" ]] || return 1
  jq --arg version "$((version + 1))" '.metadata.resourceVersion = $version' <<<"$given" >lease.new
  mv lease.new lease.json
}

holder() { jq -r .spec.holderIdentity lease.json; }
version() { jq -r .metadata.resourceVersion lease.json; }
# Whatever a renewal that is under way was to write, it comes too late.
held_by() {
  _lease "$1" | jq '.metadata.resourceVersion = "7"' >lease.other
  flock lease.lock mv lease.other lease.json
}

# eventually COMMAND…: within ten seconds.
eventually() {
  local tries=0
  until "$@"; do
    ((tries++ < 200)) || return 1
    sleep 0.05
  done
}

@test "a lease is made, renewed, and left for the next one" {
  take_lease 3>&-
  [ "$(holder)" = "$LEASE_HOLDER" ]
  renewed() { (($(version) >= 3)); }
  eventually renewed
  run lease_is_lost
  [ "$status" -eq 1 ]
  leave_lease
  [ -z "$(holder)" ]
  rm never
  take_lease 3>&-
  [ "$(holder)" = "$LEASE_HOLDER" ]
}

@test "a lease that another machine renews is not to be had" {
  held_by elsewhere/1
  (while sleep 0.5; do _write_lease elsewhere/1 "$(version)"; done) 3>&- &
  run take_lease
  kill $!
  [ "$status" -eq 3 ]
  [[ $output == *'another run is under way, elsewhere/1'* ]]
  [ "$(holder)" = elsewhere/1 ]
}

@test "a lease that nobody renews is taken over, at once where its holder was a process of this machine" {
  held_by elsewhere/1
  run take_lease 3>&-
  [ "$status" -eq 0 ]
  [[ $output == *'elsewhere/1 holds the Lease'* ]]
  true &
  wait $!
  held_by "$HOSTNAME/$!"
  run take_lease 3>&-
  [ "$status" -eq 0 ]
  [ -z "$output" ]
}

@test "a lease that is left while another waits for it is that one's" {
  held_by elsewhere/1
  (sleep 1; _write_lease '' 7) 3>&- &
  take_lease 3>&-
  [ "$(holder)" = "$LEASE_HOLDER" ]
}

@test "who was out of reach for too long is told that the lease is another's" {
  take_lease 3>&-
  held_by elsewhere/1
  eventually lease_is_lost
  leave_lease
  [ "$(holder)" = elsewhere/1 ]
}

@test "where nobody can read or write leases no run begins" {
  AWAY=true
  run take_lease
  [ "$status" -eq 1 ]
  [[ $output == *'the right to get, create and update leases'* ]]
}
