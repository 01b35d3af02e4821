# shellcheck shell=bash
# The steps of a hand-over. Each may end the run with `failed`, which goes the whole way back.

step_start() {
  if [[ -n $OUTGOING ]]; then again "$WAIT_SECONDS" set_mode "$OUTGOING" active || failed "the mode of $OUTGOING cannot be kept"; fi
  again "$WAIT_SECONDS" set_mode "$INCOMING" standby || failed "the mode of $INCOMING cannot be kept"
  start_colour "$INCOMING" "$IMAGE" "$START_SECONDS" || failed "$INCOMING did not start"
}

# health_of_all COLOUR FILE: fails where one does not answer.
health_of_all() {
  health_colour "$1" >"$2" && jq -es 'all(.state != "unreachable")' "$2" >/dev/null
}

# Comes of the engine's own test of the way from the brokers to a write that is taken back.
step_self_test() {
  local status=0 wrong
  told "$INCOMING" standby "$START_SECONDS" || status=$?
  ((status == 0)) || failed "$INCOMING is not fit to take over: $(said "$INCOMING" standby)"
  note "$INCOMING: $(said "$INCOMING" standby)"
  again "$WAIT_SECONDS" health_of_all "$INCOMING" "$TEMP_DIR/health-before.json" || failed "not all of $INCOMING answers"
  wrong=$(jq -r --arg colour "$INCOMING" 'select(.colour != $colour) | "\(.instance) calls itself \(.colour)"' "$TEMP_DIR/health-before.json")
  [[ -z $wrong ]] || failed "$wrong: set DEPLOYMENT_COLOUR=$INCOMING there"
}

# Where everything stands before anything is moved.
step_snapshot() {
  again "$WAIT_SECONDS" status_from "$INCOMING" ${OUTGOING:+"$OUTGOING"} >"$TEMP_DIR/status-before.json" ||
    failed "nobody can say where the group stands: see \`status\`"
  jq --slurpfile health "$TEMP_DIR/health-before.json" '. + {instances: ($health | map(.instance))}' "$TEMP_DIR/status-before.json" >"$TEMP_DIR/snapshot.json"
  LAG_BEFORE=0
  again "$WAIT_SECONDS" metrics_colour "$INCOMING" "$TEMP_DIR/metrics-now" || failed "$INCOMING shows no metrics"
  # What went wrong on the way up is told by the self-test; the window counts from here.
  ERRORS_BEFORE=$(errors_in "$TEMP_DIR/metrics-now/"*.txt)
  if [[ -n $OUTGOING ]] && metrics_colour "$OUTGOING" "$TEMP_DIR/metrics-before"; then
    LAG_BEFORE=$(metric max kafka_consumer_lag_seconds "$TEMP_DIR/metrics-before/"*.txt)
    LAG_BEFORE=${LAG_BEFORE:-0}
  fi
  note "group $(jq -r '.group' "$TEMP_DIR/snapshot.json"), $(jq '.partitions | length' "$TEMP_DIR/snapshot.json") partitions, $LAG_BEFORE s behind"
}

step_drain() {
  local status=0
  [[ -n $OUTGOING ]] || return 0
  # From here on one that is started again must stay out.
  again "$WAIT_SECONDS" set_mode "$OUTGOING" standby || failed "the mode of $OUTGOING cannot be kept"
  GAP_FROM=$(now_ms)
  told "$OUTGOING" drain "$WAIT_SECONDS" || status=$?
  case $status in
    0) note "$OUTGOING: $(said "$OUTGOING" drain)" ;;
    4) warn "$OUTGOING: $(said "$OUTGOING" drain)" ;;
    5) warn "$OUTGOING is gone; $INCOMING takes over from what landed" ;;
    6 | 7) failed "$OUTGOING is up, or may be, and does not answer: $(said "$OUTGOING" drain)" ;;
    *) failed "$OUTGOING was not drained within $WAIT_SECONDS s: $(said "$OUTGOING" drain)" ;;
  esac
}

step_activate() {
  local status=0
  again "$WAIT_SECONDS" set_mode "$INCOMING" active || failed "the mode of $INCOMING cannot be kept"
  told "$INCOMING" activate "$WAIT_SECONDS" || status=$?
  ((status == 0)) || failed "$INCOMING did not take over: $(said "$INCOMING" activate)"
  GAP_TO=$(now_ms)
  note "$INCOMING: $(said "$INCOMING" activate)"
  [[ -z $OUTGOING ]] || note "nobody consumed for $(seconds_text $((GAP_TO - GAP_FROM))) at the most"
}

# Looks every few seconds. What cannot become right again ends it at once; what may still has some time more after the window.
step_verify() {
  local deadline=$((SECONDS + WINDOW_SECONDS)) findings=$TEMP_DIR/findings.json looks=0 last names
  last=$((deadline + SETTLE_SECONDS))
  while :; do
    stop_if_lost
    if take_look now; then
      looks=$((looks + 1))
      ((looks > 1)) || cp -- "$TEMP_DIR/look-now.json" "$TEMP_DIR/look-first.json"
      ((looks > 1)) || cp -- "$TEMP_DIR/look-now.json" "$TEMP_DIR/look-before.json"
      judge >"$findings"
      jq -e '.broken == []' "$findings" >/dev/null || failed "$(jq -r '.broken | join("; ")' "$findings")"
      cp -- "$TEMP_DIR/look-now.json" "$TEMP_DIR/look-before.json"
      # The last of two: only that one sees whether what was there to read at the first has landed.
      if ((SECONDS >= deadline && looks > 1)) && { ((SECONDS >= last)) || jq -e '.open == []' "$findings" >/dev/null; }; then break; fi
    else
      if names=$(instances_of "$INCOMING") && [[ -z $names ]]; then failed "$INCOMING is gone"; fi
      ((SECONDS < last)) || failed "$INCOMING, the database or the brokers do not answer"
    fi
    pause "$INTERVAL_SECONDS"
  done
  jq -e '.open == []' "$findings" >/dev/null ||
    failed "after $((WINDOW_SECONDS + SETTLE_SECONDS)) s: $(jq -r '.open | join("; ")' "$findings")"
  note "$(jq -r '"\(.messages) messages and \(.errors) errors in the window, \(.lag_seconds) s behind"' "$TEMP_DIR/look-now.json")"
}

# What the colour and the group look like: status, health and the counters that matter, in look-NAME.json.
take_look() {
  local metrics=$TEMP_DIR/metrics-now answering
  health_colour "$INCOMING" | jq -s . >"$TEMP_DIR/health-now.json" || return 1
  answering=$(jq -r '.[] | select(.state != "unreachable") | .instance' "$TEMP_DIR/health-now.json")
  [[ -n $answering ]] || return 1
  metrics_colour "$INCOMING" "$metrics" "$answering" || return 1
  # The incoming colour first: what it has none of is asked of the other.
  status_from "$INCOMING" ${OUTGOING:+"$OUTGOING"} >"$TEMP_DIR/status-now.json" || return 1
  jq -n --slurpfile status "$TEMP_DIR/status-now.json" --slurpfile health "$TEMP_DIR/health-now.json" \
    --arg errors_before "$ERRORS_BEFORE" --arg errors "$(errors_in "$metrics"/*.txt)" \
    --arg messages "$(metric sum messages_processed_total "$metrics"/*.txt)" \
    --arg resets "$(metric sum kafka_consumer_offset_resets_total "$metrics"/*.txt)" \
    --arg lag "$(metric max kafka_consumer_lag_seconds "$metrics"/*.txt)" \
    'def number: tonumber? // 0;
     $status[0] + {health: $health[0], errors: (($errors | number) - ($errors_before | number)), messages: ($messages | number),
                   resets: ($resets | number), lag_seconds: ($lag | number)}' >"$TEMP_DIR/look-$1.json"
}

judge() {
  jq -n -f "$SCRIPTS_DIR/lib/judge-window.jq" \
    --slurpfile snapshot "$TEMP_DIR/snapshot.json" --slurpfile first "$TEMP_DIR/look-first.json" \
    --slurpfile before "$TEMP_DIR/look-before.json" --slurpfile now "$TEMP_DIR/look-now.json" \
    --argjson errors_percent "$ERRORS_PERCENT" --argjson lag_seconds "$(jq -n "$LAG_BEFORE + $LAG_ALLOWANCE")"
}

step_stop_outgoing() {
  local state deadline=$((SECONDS + WAIT_SECONDS))
  # Once more, for after this there is no way back but a start. One answer may be late.
  until state=$(state_of "$INCOMING") && [[ $state != unreachable ]]; do
    ((SECONDS < deadline)) || break
    pause 1
  done
  [[ $state == active ]] || failed "$INCOMING is ${state:-out of sight}"
  if [[ -z $OUTGOING ]]; then
    rest_other
    return 0
  fi
  if [[ $KEEP == true ]]; then
    note "$OUTGOING is kept, drained"
    return 0
  fi
  stop_colour "$OUTGOING" || warn "$OUTGOING was not stopped; it is drained"
}

# Where nobody consumed before, both colours may have come up on standby: the one that is not wanted rests, as after a hand-over.
rest_other() {
  local other
  other=$(other_colour "$INCOMING")
  [[ $KEEP == false && $(state_of "$other") == standby ]] || return 0
  note "$other is on standby: stopping it"
  stop_colour "$other" || warn "$other was not stopped; it is on standby"
}
