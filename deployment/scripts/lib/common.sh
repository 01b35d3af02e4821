# shellcheck shell=bash
# shellcheck disable=SC2034 # much of this is for the scripts that read this file
# What all scripts share: where the engine is, how results are told, and that nothing waits for ever.

if ((BASH_VERSINFO[0] < 5)); then
  echo "bash 5 or later is wanted, this is $BASH_VERSION" >&2
  exit 2
fi

SCRIPTS_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
ROOT_DIR=$(cd -- "$SCRIPTS_DIR/../.." && pwd)
# The engine's program, for those who built it elsewhere.
ENGINE_MAIN=${ENGINE_MAIN:-$ROOT_DIR/dist/src/main.cjs}

readonly EXIT_FAILED=1 EXIT_USAGE=2

# Escape codes are for people: none where the output goes to a file, or NO_COLOR is set (no-color.org).
if [[ -t 1 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then
  GREEN=$'\e[32m' YELLOW=$'\e[33m' RED=$'\e[31m' BOLD=$'\e[1m' PLAIN=$'\e[0m'
else
  GREEN='' YELLOW='' RED='' BOLD='' PLAIN=''
fi

note() { printf '%s\n' "$*"; }
warn() { printf '%sWARN%s  %s\n' "$YELLOW" "$PLAIN" "$*" >&2; }
error() { printf '%sERROR%s %s\n' "$RED" "$PLAIN" "$*" >&2; }

# Ends the script: what is wrong with how it was called, and where the right way is told.
usage_error() {
  error "$1"
  printf 'See %s --help.\n' "${0##*/}" >&2
  exit "$EXIT_USAGE"
}

# The header of the script: its first comment, without the signs.
print_help() {
  sed -n '2,/^[^#]/{/^#/!q;s/^# \{0,1\}//;p}' "$0"
}

# number_of FLAG TEXT MIN MAX: a whole number within bounds.
number_of() {
  if ! [[ $2 =~ ^[0-9]{1,9}$ ]] || ((10#$2 < $3 || 10#$2 > $4)); then
    usage_error "$1: got \"$2\"; wants a number from $3 to $4"
  fi
  printf '%d' "$((10#$2))"
}

# need TOOL…: names all that are missing at once.
need() {
  local tool missing=()
  for tool in "$@"; do command -v "$tool" >/dev/null || missing+=("$tool"); done
  ((${#missing[@]} == 0)) || usage_error "not installed: ${missing[*]} (Debian: apt-get install ${missing[*]})"
}

now_ms() {
  local micros=${EPOCHREALTIME/[.,]/}
  printf '%d' "$((micros / 1000))"
}

# seconds_text MS: 12.3 s
seconds_text() { printf '%d.%d s' "$(($1 / 1000))" "$(($1 % 1000 / 100))"; }

# The lock of a script is its own: what outlives the script must not hold it.
LOCK_FD=''
close_lock() {
  [[ -n $LOCK_FD ]] || return 0
  exec {LOCK_FD}>&-
  LOCK_FD=''
}

BOUNDED_PID=''
# bounded SECONDS COMMAND…: runs a program, ended when the time is over (124, or 137 where it had to be killed). It runs beside
# the shell, so that a signal to the script is heard at once and not when the program is done.
bounded() {
  local seconds=$1 status=0
  shift
  (
    close_lock
    exec timeout --kill-after=5 "$seconds" "$@"
  ) <&0 &
  BOUNDED_PID=$!
  wait "$BOUNDED_PID" || status=$?
  BOUNDED_PID=''
  return "$status"
}

# pause SECONDS: as bounded.
pause() { bounded "$(($1 + 5))" sleep "$1"; }

# --- results, a line each, as the engine's own `check` tells them

RESULTS_FAILED=0
RESULTS_WARNED=0
# result ok|warn|fail|skipped NAME TEXT [ADVICE]
result() {
  local mark colour=$PLAIN
  case $1 in
    ok) mark=ok colour=$GREEN ;;
    warn) mark=WARN colour=$YELLOW && RESULTS_WARNED=$((RESULTS_WARNED + 1)) ;;
    fail) mark=FAIL colour=$RED && RESULTS_FAILED=$((RESULTS_FAILED + 1)) ;;
    *) mark=- ;;
  esac
  local text=$3
  [[ -z ${4:-} ]] || text+=$'\n'"→ $4"
  printf '%s%-5s%s %-14s %s\n' "$colour" "$mark" "$PLAIN" "$2" "${text//$'\n'/$'\n'                     }"
}
