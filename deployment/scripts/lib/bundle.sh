# shellcheck shell=bash
# What whoever looks into a failed hand-over wants to see, in one file, without secrets.

# Names whose values nobody else is to see; the test holds them against the engine's own list.
readonly SECRET_NAMES='PASSWORD|PASSWD|SECRET|TOKEN|CREDENTIAL|PRIVATE|_URL$|_URI$|^DATABASE_URL|PROPERTIES|USERNAME'

# without_secrets: NAME=value lines, with the values that are secret, or hold a user and password, blanked out.
without_secrets() {
  awk -F= -v secret="$SECRET_NAMES" '
    /^[[:space:]]*#/ || !/=/ { next }
    {
      name = $1
      sub(/^[[:space:]]*(export[[:space:]]+)?/, "", name)
      value = substr($0, index($0, "=") + 1)
      if (name ~ secret && name !~ /_FILE$/) value = value == "" ? "" : "[set]"
      else if (value ~ /:\/\/[^\/@]*@/) value = "[redacted]"
      print name "=" value
    }'
}

# make_bundle WHY: prints the file's name. Takes what it gets; nothing of it may stop the way back.
make_bundle() {
  local name colour instance folder
  name=blue-green-$(date -u +%Y%m%dT%H%M%SZ)
  folder=$TEMP_DIR/$name
  mkdir -p -- "$folder"
  printf '%s\n' "$1" >"$folder/why.txt"
  cp -- "$TEMP_DIR"/*.json "$TEMP_DIR/run.log" "$folder/" 2>/dev/null || true
  cp -- "$STATE_DIR/run.json" "$folder/" 2>/dev/null || true
  status_from "$INCOMING" ${OUTGOING:+"$OUTGOING"} >"$folder/status.json" 2>/dev/null || true
  for colour in blue green; do
    health_colour "$colour" >"$folder/health-$colour.json" 2>/dev/null || true
    metrics_colour "$colour" "$folder/metrics-$colour" 2>/dev/null || true
    { config_of "$colour" | without_secrets; } >"$folder/config-$colour.txt" 2>/dev/null || true
    while IFS= read -r instance; do
      [[ -n $instance ]] || continue
      logs_of "$instance" >"$folder/log-$instance.txt" 2>/dev/null || true
    done < <({ instances_of "$colour"; echo "$colour"; } | sort -u)
  done
  mkdir -p -- "$STATE_DIR/bundles"
  tar -C "$TEMP_DIR" -czf "$STATE_DIR/bundles/$name.tar.gz" "$name"
  chmod 600 -- "$STATE_DIR/bundles/$name.tar.gz"
  printf '%s\n' "$STATE_DIR/bundles/$name.tar.gz"
}
