# shellcheck shell=bash
# A lock in the cluster, for orders from several machines: a Lease with a holder, who renews it. One that is not renewed any more belongs
# to whoever comes next. What time it is there is not asked: whether it changes is watched.

KUBE_LEASE=${KUBE_LEASE:-bitquery-kafka-consumer-hand-over}
LEASE_SECONDS=${LEASE_SECONDS:-30} LEASE_RENEW_SECONDS=${LEASE_RENEW_SECONDS:-5}
LEASE_HOLDER=${HOSTNAME:-unknown}/$$
LEASE_RENEWER=''

# _lease HOLDER [VERSION]: the object; with a version it is only taken where that is the one that is there.
_lease() {
  jq -cn --arg name "$KUBE_LEASE" --arg holder "$1" --arg version "${2-}" --argjson seconds "$LEASE_SECONDS" \
    'now as $now | (($now - ($now | floor)) * 1e6 | floor | "00000\(.)"[-6:]) as $micros
     | {apiVersion: "coordination.k8s.io/v1", kind: "Lease",
        metadata: ({name: $name} + (if $version == "" then {} else {resourceVersion: $version} end)),
        spec: {holderIdentity: $holder, leaseDurationSeconds: $seconds, renewTime: ($now | strftime("%Y-%m-%dT%H:%M:%S.\($micros)Z"))}}'
}

# _read_lease: "VERSION HOLDER"; nothing where it was never made.
_read_lease() {
  _kubectl 20 get lease "$KUBE_LEASE" --ignore-not-found --output 'jsonpath={.metadata.resourceVersion} {.spec.holderIdentity}' </dev/null
}

# _see_lease: sets `version` and `holder` of whoever calls; fails where nobody can say.
_see_lease() {
  local found
  found=$(_read_lease) && read -r version holder <<<"$found"
}

# _write_lease HOLDER VERSION: fails where another was quicker.
_write_lease() {
  local verb=replace
  [[ -n $2 ]] || verb=create
  _lease "$1" "$2" | _kubectl 20 "$verb" --filename - >/dev/null
}

# A run of this machine that was killed will not renew it; of another machine's nobody here can tell but by waiting. A process of
# another user may not be signalled, and lives.
_is_dead() { [[ ${1%/*} == "${HOSTNAME:-unknown}" && $(LC_ALL=C kill -0 "${1##*/}" 2>&1) == *'No such process'* ]]; }

# take_lease: ends the script with 3 where another has it, with 1 where nobody can say.
take_lease() {
  local found now version holder deadline=$((SECONDS + LEASE_SECONDS))
  found=$(_read_lease) || { error "the Lease $KUBE_LEASE cannot be read: that wants the right to get, create and update leases"; exit "$EXIT_FAILED"; }
  read -r version holder <<<"$found"
  if [[ -n $holder ]] && ! _is_dead "$holder"; then
    note "$holder holds the Lease $KUBE_LEASE: whether it renews it is seen within $LEASE_SECONDS s"
    # Taken by what the first look saw: whoever has renewed it since, or has it now, keeps it.
    while ((SECONDS < deadline)) && { now=$(_read_lease) || true; } && [[ -z $now || $now == "$found" ]]; do pause 2; done
    # Left meanwhile.
    if [[ ${now:-$found} == *' ' ]]; then version=${now% }; fi
  fi
  if ! _write_lease "$LEASE_HOLDER" "$version" && ! _take_from_dead; then
    error "another run is under way${holder:+, $holder}, or the Lease $KUBE_LEASE may not be written"
    exit "$EXIT_LOCKED"
  fi
  (
    close_lock
    _renew_lease
  ) </dev/null >/dev/null 2>&1 &
  LEASE_RENEWER=$!
}

# The last renewal of a run that was killed may come between our look and our order.
_take_from_dead() {
  local version holder
  _see_lease && [[ -n $holder ]] && _is_dead "$holder" && _write_lease "$LEASE_HOLDER" "$version"
}

# For as long as the script lives. Where another has taken it, it is too late: `lease_is_lost` tells.
_renew_lease() {
  local version holder never
  # Not by `sleep`, which would outlive us: nothing ever comes of this pipe.
  mkfifo -- "$TEMP_DIR/never"
  exec {never}<>"$TEMP_DIR/never"
  while :; do
    read -rt "$LEASE_RENEW_SECONDS" -u "$never" || true
    kill -0 "$$" || return
    _see_lease || continue
    if [[ $holder != "$LEASE_HOLDER" ]]; then
      : >"$TEMP_DIR/lease-lost"
      return
    fi
    _write_lease "$LEASE_HOLDER" "$version" || true
  done
}

lease_is_lost() { [[ -n $LEASE_RENEWER && -e $TEMP_DIR/lease-lost ]]; }

# leave_lease: for the next one to take at once.
leave_lease() {
  local version holder
  [[ -n $LEASE_RENEWER ]] || return 0
  kill "$LEASE_RENEWER" 2>/dev/null || true
  wait "$LEASE_RENEWER" 2>/dev/null || true
  LEASE_RENEWER=''
  # A renewal that was under way may come between once.
  for _ in 1 2; do
    _see_lease || return 0
    if [[ $holder != "$LEASE_HOLDER" ]] || _write_lease '' "$version"; then return 0; fi
  done
}
