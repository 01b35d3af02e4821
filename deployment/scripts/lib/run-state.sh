# shellcheck shell=bash
# What a run remembers outside of itself, so that the next one can end what this one could not: the lock, and how far it came.

readonly LOCK_WAIT_SECONDS=15

# take_lock FOLDER: ends the script with 3 where another run has it. A run that was killed leaves no lock, but a question of its own
# may be under way for some seconds more: that is waited for, a run that lives is not, or two orders would hand over twice. Nor is one
# that took the lock meanwhile, or had it already and has only now said so.
take_lock() {
  local holder
  mkdir -p -- "$1" || usage_error "--state-dir: $1 cannot be made"
  # To be read before it is known whose it is: not emptied.
  exec {LOCK_FD}>>"$1/lock" || usage_error "--state-dir: $1/lock cannot be written"
  if ! flock --nonblock "$LOCK_FD"; then
    holder=$(tail -n 1 -- "$1/lock")
    if [[ -z $holder ]] || kill -0 "$holder" 2>/dev/null || ! flock --wait "$LOCK_WAIT_SECONDS" "$LOCK_FD" ||
      [[ $(tail -n 1 -- "$1/lock") != "$holder" ]]; then
      error "another run is under way${holder:+, process $holder} (it holds $1/lock)"
      exit "$EXIT_LOCKED"
    fi
  fi
  printf '%d\n' "$$" >"$1/lock"
}

# save_state STEP: before the step is begun; whole or not at all.
save_state() {
  local file=$STATE_DIR/run.json
  jq -n --arg step "$1" --arg outgoing "$OUTGOING" --arg incoming "$INCOMING" --arg image "$IMAGE" --arg adapter "$ADAPTER" \
    '{step: $step, outgoing: $outgoing, incoming: $incoming, image: $image, adapter: $adapter, at: (now | todate)}' >"$file.new"
  mv -f -- "$file.new" "$file"
}

# saved FIELD: nothing where no run has left anything.
saved() { jq -r --arg field "$1" '.[$field] // ""' "$STATE_DIR/run.json" 2>/dev/null || true; }

# A run is over when it says so; every other state wants somebody to look after it.
is_unfinished() { [[ -s $STATE_DIR/run.json && $(saved step) != 'done' ]]; }
