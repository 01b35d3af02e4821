# shellcheck shell=bash
# The way back to the outgoing colour, for a step that failed, a signal, and a run that was killed. Every part may have been done
# already, and may be done again.

# again SECONDS COMMAND…: until it succeeds or the time is over. What is asked of a cluster may fail for a while.
again() {
  local deadline=$((SECONDS + $1)) status
  shift
  while :; do
    status=0
    "$@" || status=$?
    if ((status == 0 || SECONDS >= deadline)); then return "$status"; fi
    pause 1
  done
}

# told COLOUR COMMAND SECONDS: asks again until it is done or the time is over. A colour without an instance will have none by asking.
# Answers as ctl_colour.
told() {
  local deadline=$((SECONDS + $3)) left status
  while :; do
    left=$((deadline - SECONDS))
    status=0
    ctl_colour "$1" "$2" "$((left > 0 ? left : 0))" >"$TEMP_DIR/answers-$1-$2.json" || status=$?
    if ((status == 0 || status == 1 || status == 4 || status == 5 || SECONDS >= deadline)); then return "$status"; fi
    pause 1
  done
}

# said COLOUR COMMAND: what the instances answered, for people.
said() {
  local text
  text=$(jq -r '.message' "$TEMP_DIR/answers-$1-$2.json" 2>/dev/null | sort -u | paste -sd ';' -)
  printf '%s' "${text:-$CTL_SAID}"
}

CONSUMES_SAID=''
# consumes COLOUR: makes it consume, from whatever state it is in, gone included. One of which nobody can say whether it is there is not
# started: that would stop one that runs.
consumes() {
  local status=0 command=resume
  CONSUMES_SAID="the mode of $1 cannot be kept"
  again "$WAIT_SECONDS" set_mode "$1" active || return
  told "$1" resume "$WAIT_SECONDS" || status=$?
  if ((status == 5 || status == 7)); then
    note "$1 $( ((status == 5)) && echo 'is not up' || echo 'does not answer'): starting it with what it ran before"
    CONSUMES_SAID='it did not start'
    start_colour "$1" '' "$START_SECONDS" || return
    status=0 command=activate
    told "$1" activate "$START_SECONDS" || status=$?
  fi
  CONSUMES_SAID=$(said "$1" "$command")
  # In the group, though the group has not shared out its partitions yet: it will.
  ((status == 0 || status == 3))
}

# bring_back: the outgoing colour consumes, the incoming one does not. Answers 0 where that is so, 4 where somebody must look.
bring_back() {
  local status=0 names
  again "$WAIT_SECONDS" set_mode "$INCOMING" standby || warn "the mode of $INCOMING cannot be kept"
  told "$INCOMING" drain "$WAIT_SECONDS" || status=$?
  # One that hangs is stopped below; until then the offsets rows keep the two apart.
  ((status == 0 || status == 4 || status == 5)) || warn "$INCOMING was not drained: $(said "$INCOMING" drain)"
  if [[ -z $OUTGOING ]]; then
    stop_colour "$INCOMING" || warn "$INCOMING was not stopped"
    return 0
  fi
  if consumes "$OUTGOING"; then
    note "$OUTGOING consumes: $CONSUMES_SAID"
    stop_colour "$INCOMING" || warn "$INCOMING was not stopped"
    return 0
  fi
  error "$OUTGOING does not consume: $CONSUMES_SAID"
  # Better one that was not looked at long enough than nobody.
  if ! names=$(instances_of "$INCOMING"); then
    error 'NOBODY CAN SAY WHO CONSUMES'
  elif [[ -n $names ]] && consumes "$INCOMING"; then
    error "$INCOMING consumes in its place, and was not verified"
  else
    error 'NOBODY CONSUMES'
  fi
  return "$EXIT_NOT_BACK"
}

# finish_forward: the incoming colour was verified; what is left is to let the outgoing one go.
finish_forward() {
  consumes "$INCOMING" || return
  [[ -n $OUTGOING ]] || return 0
  again "$WAIT_SECONDS" set_mode "$OUTGOING" standby || return
  [[ $KEEP == true ]] || stop_colour "$OUTGOING" || warn "$OUTGOING was not stopped; it is drained"
}

# recover: ends what an earlier run began and did not end.
recover() {
  local step status=0
  step=$(saved step) OUTGOING=$(saved outgoing) INCOMING=$(saved incoming)
  [[ $(saved adapter) == "$ADAPTER" ]] || usage_error "the run that was not ended used --adapter $(saved adapter)"
  note "An earlier run ended in its step \"$step\", ${OUTGOING:-nobody} to $INCOMING."
  if [[ $step == stop-outgoing ]] && finish_forward; then
    note "$INCOMING had been verified, and consumes."
  else
    bring_back || status=$?
    ((status == 0)) || return "$status"
  fi
  save_state 'done'
}
