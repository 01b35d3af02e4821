# shellcheck shell=bash
# What verify_setup.sh looks at, a function each. Uses JSON, RUNNING, URL, DATA_DIR, MIN_DISK_MB, TIMEOUT_SECONDS and TEMP_DIR.

readonly NODE_MIN='20.19.0'
# An engine has some dozens of files open; each of the page's readers is one more.
readonly FILES_MIN=4096
readonly MEMORY_MIN_MB=2048

# tell ok|warn|fail|skipped NAME TEXT [ADVICE]: a line, or kept for --json.
tell() {
  if [[ $JSON == false ]]; then
    result "$@"
    return
  fi
  result "$@" >/dev/null
  jq -cn --arg status "$1" --arg name "$2" --arg detail "$3" --arg advice "${4:-}" '{name: $name, status: $status, detail: $detail, advice: $advice}' >>"$TEMP_DIR/results.json"
}

setup_tools() {
  local tool missing=() wanted=(node npm curl jq awk timeout flock tar)
  for tool in "${wanted[@]}"; do command -v "$tool" >/dev/null || missing+=("$tool"); done
  if ((${#missing[@]} == 0)); then
    tell ok tools "${wanted[*]}"
  else
    tell fail tools "not installed: ${missing[*]}" "Debian: apt-get install ${missing[*]} (node from nodejs.org)"
    # What follows is asked by them.
    if [[ " ${missing[*]} " =~ ' '(node|jq|curl|timeout)' ' ]]; then exit "$EXIT_FAILED"; fi
  fi
}

setup_node() {
  local version
  version=$(node --version) version=${version#v}
  if [[ $(printf '%s\n' "$NODE_MIN" "$version" | sort -V | head -n 1) == "$NODE_MIN" ]]; then
    tell ok node "$version"
  else
    tell fail node "$version" "Install Node $NODE_MIN or later from nodejs.org."
  fi
}

setup_build() {
  local said newer=''
  if [[ ! -r $ENGINE_MAIN ]]; then
    tell fail build "$ENGINE_MAIN is not there" 'npm ci && npm run build'
    return
  fi
  if ! said=$(cd "$TEMP_DIR" && timeout 60 node "$ENGINE_MAIN" --version 2>&1); then
    tell fail build "it does not run: ${said##*$'\n'}" 'npm ci && npm run build'
    return
  fi
  if [[ -d $ROOT_DIR/src ]]; then newer=$(find "$ROOT_DIR/src" -name '*.ts' -newer "$ENGINE_MAIN" -print -quit); fi
  if [[ -n $newer ]]; then
    tell warn build "$said, older than ${newer#"$ROOT_DIR/"}" 'npm run build'
  else
    tell ok build "$said"
  fi
}

# Each result of `check` as it is.
setup_engine_check() {
  local status=0 line
  timeout --kill-after=5 "$TIMEOUT_SECONDS" node "$ENGINE_MAIN" check --json >"$TEMP_DIR/check.json" 2>"$TEMP_DIR/stderr" </dev/null || status=$?
  if ! jq -e '.checks' "$TEMP_DIR/check.json" >/dev/null 2>&1; then
    ((status != 124 && status != 137)) || echo "no answer within $TIMEOUT_SECONDS s" >"$TEMP_DIR/stderr"
    tell fail check "$(tail -n 3 -- "$TEMP_DIR/stderr")"
    return
  fi
  # shellcheck disable=SC2034 # the script ends with 2 then
  ((status != 2)) || CONFIGURATION_WRONG=true
  while IFS= read -r line; do
    tell "$(jq -r .status <<<"$line")" "$(jq -r .name <<<"$line")" "$(jq -r .detail <<<"$line")" "$(jq -r .advice <<<"$line")"
  done < <(jq -c '.checks[]' "$TEMP_DIR/check.json")
}

_engine_url() { printf '%s' "${URL:-http://127.0.0.1:${HEALTH_CHECK_PORT:-8080}}"; }

_get() { curl --silent --show-error --max-time 5 --noproxy '*' --output "$2" --write-out '%{http_code}' -- "$(_engine_url)$1" 2>"$TEMP_DIR/stderr"; }

setup_page() {
  local code
  if ! code=$(_get / "$TEMP_DIR/page.html"); then
    if [[ $RUNNING == true ]]; then
      tell fail page "nobody answers at $(_engine_url) ($(tail -n 1 -- "$TEMP_DIR/stderr"))" 'Start the engine, or give its --url.'
    else
      tell skipped page "no engine runs at $(_engine_url)"
    fi
    return
  fi
  case $code in
    200) tell ok page "$(_engine_url)/ shows the page" ;;
    401) tell ok page "$(_engine_url)/ asks for DASHBOARD_TOKEN" ;;
    *) tell fail page "$(_engine_url)/ answers $code" 'Is it the engine that listens there?' ;;
  esac
}

setup_metrics() {
  local code
  if ! code=$(_get /metrics "$TEMP_DIR/metrics.txt"); then
    if [[ $RUNNING == true ]]; then tell fail metrics 'not tried: no engine answers'; else tell skipped metrics 'no engine runs'; fi
  elif [[ $code == 200 && -n $(metric sum engine_build_info "$TEMP_DIR/metrics.txt") ]]; then
    tell ok metrics "$(grep -vc '^#' "$TEMP_DIR/metrics.txt") series"
  else
    tell fail metrics "/metrics answers $code, and not what the engine exports" 'Is it the engine that listens there?'
  fi
}

setup_disk() {
  local free
  free=$(df --output=avail -BM -- "$DATA_DIR" | tail -n 1) free=${free//[^0-9]/}
  if ((free >= MIN_DISK_MB)); then
    tell ok disk "$free MB free at $DATA_DIR"
  else
    tell fail disk "$free MB free at $DATA_DIR, wanted are $MIN_DISK_MB" 'Make room: logs and heap snapshots are written there.'
  fi
}

# What the container may have, else what the machine has left.
setup_memory() {
  local limit='' megabytes
  limit=$(cat /sys/fs/cgroup/memory.max 2>/dev/null) || true
  if [[ $limit =~ ^[0-9]+$ ]]; then
    megabytes=$((limit / 1048576))
  elif ! megabytes=$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo 2>/dev/null); then
    tell skipped memory 'this system does not tell'
    return
  fi
  if ((megabytes >= MEMORY_MIN_MB)); then
    tell ok memory "$megabytes MB"
  else
    tell warn memory "$megabytes MB, a production engine asks for $MEMORY_MIN_MB" 'Lower MEMORY_BUDGET_BYTES, or give it more.'
  fi
}

setup_limits() {
  local files
  files=$(ulimit -n)
  if [[ $files == unlimited ]] || ((files >= FILES_MIN)); then
    tell ok limits "$files open files"
  else
    tell warn limits "$files open files, wanted are $FILES_MIN" "ulimit -n $FILES_MIN, LimitNOFILE= of the unit, or /etc/security/limits.conf"
  fi
}

# Whether the clock is held; how far it is off the database's and the brokers' is told by `check`.
setup_clock() {
  local held
  if ! held=$(timeout 5 timedatectl show --property=NTPSynchronized --value 2>/dev/null); then
    tell skipped clock-held 'no timedatectl here: a container has the clock of its host'
  elif [[ $held == yes ]]; then
    tell ok clock-held 'by NTP'
  else
    tell warn clock-held 'by nobody' 'timedatectl set-ntp true; latencies are told by this clock.'
  fi
}
