# shellcheck shell=bash
# shellcheck disable=SC2034 # the adapters run HTTP_GET
# The engine's routes, asked from inside where the engine runs: an image has Node and no curl, and its ports need not be published.

# Prints the body whatever the status is, since /health tells most when it answers 503; fails where nobody answers. The port may
# stand in the .env of the working directory, as for the engine.
HTTP_GET='try { process.loadEnvFile() } catch {}
const url = "http://127.0.0.1:" + (process.env.HEALTH_CHECK_PORT || 8080) + process.argv[1];
fetch(url, { signal: AbortSignal.timeout(10000) })
  .then((answer) => answer.text())
  .then((text) => process.stdout.write(text), (error) => { console.error(String(error.cause?.message || error.message)); process.exitCode = 1 });'
readonly HTTP_GET

# metric sum|max NAME FILE…: over all series of a name in exposition files; nothing where there is none.
metric() {
  local how=$1 name=$2
  shift 2
  cat -- "$@" | awk -v how="$how" -v name="$name" '
    { key = $1; sub(/\{.*/, "", key) }
    key == name {
      value = $NF + 0
      total = (!seen || how == "sum") ? total + value : (value > total ? value : total)
      seen = 1
    }
    END { if (seen) printf "%.3f\n", total }'
}

# errors_in FILE…: what was counted as an error, messages and rows that became dead letters included.
errors_in() {
  awk -v a="$(metric sum processing_errors_total "$@")" -v b="$(metric sum dead_letters_total "$@")" 'BEGIN { printf "%.3f\n", a + b }'
}
