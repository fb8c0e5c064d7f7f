# shellcheck shell=bash
# What build.sh, up.sh, down.sh, image.sh and user.sh share. Sourced, never run.

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
dir= # the cluster's folder: set by whoever works on one
cache=${CDK8S_SECURE_DEBUG_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cdk8s-secure-debug}

log() { printf '%s\n' "$*" >&2; }
die() { log "error: $*"; exit 1; }

# The comment at the top of the script that is running.
usage() { sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" >&2; exit 1; }

# This host cannot do it: say what can, with an exit code of its own.
unsupported() {
  log "This host cannot run the project's own cluster: $*"
  log "Instead, start one where you can and point the suite at it:"
  log "    kind create cluster"
  log "    npm run test:cluster -- --use-current-cluster"
  log "(what needs flags of the API server, such as the audit log, is then skipped by name)"
  exit 2
}

# Before anything that the bash of macOS, 3.2, does not know.
[[ $(uname -s) == Linux ]] || unsupported "it is $(uname -s), not Linux."

# A file says that up.sh made this folder, and that it may be cleared.
mark() { touch "$dir/.secure-debug-cluster"; }
is_marked() { [[ -e $dir/.secure-debug-cluster ]]; }

# retry TIMES COMMAND...: for what depends on the network.
retry() {
  local times=$1 attempt
  shift
  for ((attempt = 1; attempt <= times; attempt++)); do
    if "$@"; then return; fi
    log "attempt $attempt of $times failed: $1 ${2:-}"
    ((attempt == times)) || sleep $((attempt * 5))
  done
  return 1
}

# A signal waits for a moment at which everything that was started is also recorded: up.sh notes it, and obeys here.
caught=0
obey_signal() { if ((caught != 0)); then exit "$caught"; fi; }

# wait_for SECONDS WHAT COMMAND...: polls quietly; while it waits, a component of the cluster that died ends it.
wait_for() {
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || die "timed out waiting for $what"
    obey_signal
    all_running
    sleep 0.1
  done
}

# --- versions and programs -------------------------------------------------------------------

# table NAME [VERSION-OR-MINOR]: the first matching line of versions.txt, as "version parts".
table() {
  awk -v name="$1" -v want="${2:-}" '
    $1 == name && (want == "" || $2 == want || index($2, want ".") == 1) { print $2, $3; exit }' "$here/versions.txt"
}

# The programs in KUBEBUILDER_ASSETS, as envtest lays them out, are of the version that their API server tells.
assets_version=
if [[ -n ${KUBEBUILDER_ASSETS:-} ]]; then
  assets_version=$("$KUBEBUILDER_ASSETS/kube-apiserver" --version) || die "no kube-apiserver in KUBEBUILDER_ASSETS"
  assets_version=${assets_version##*v}
fi

# resolve_version [1.37 | 1.37.1]: a full version. A patch release outside the table is taken as it is.
resolve_version() {
  local version _
  read -r version _ < <(table kubernetes "${1:-}") || version=
  if [[ -z ${1:-} && -n $assets_version ]]; then printf '%s\n' "$assets_version"
  elif [[ -n $version ]]; then printf '%s\n' "$version"
  elif [[ $1 =~ ^1\.[0-9]+\.[0-9]+$ ]]; then printf '%s\n' "$1"
  else die "no Kubernetes $1 in $here/versions.txt"; fi
}

# find_program NAME KUBERNETES-VERSION: its path, from KUBEBUILDER_ASSETS if that is the version, else from the cache.
find_program() {
  local directory version _
  case $1 in
    etcd) read -r version _ < <(table etcd); directory=$cache/etcd/$version ;;
    containerd* | ctr) read -r version _ < <(table containerd); directory=$cache/containerd/$version ;;
    *) directory=$cache/k8s/$2 ;;
  esac
  if [[ $2 == "$assets_version" && -x $KUBEBUILDER_ASSETS/$1 ]]; then directory=$KUBEBUILDER_ASSETS; fi
  printf '%s\n' "$directory/$1"
  [[ -x $directory/$1 ]]
}

# --- processes: each is recorded as "pid starttime" in DIR/pids, and only a recorded one is ever signalled ------

# process_state PID: "state starttime" of a process that exists (fields 3 and 22 of proc_pid_stat(5)).
process_state() {
  local stat fields
  { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
  read -ra fields <<<"${stat##*) }"
  printf '%s %s\n' "${fields[0]}" "${fields[19]}"
}

# start NAME COMMAND...: in the background, out of reach of the terminal's Ctrl-C, logging to DIR/log/NAME.log.
start() {
  local name=$1 state
  shift
  setsid "$@" >"$dir/log/$name.log" 2>&1 </dev/null &
  disown
  state=$(process_state $!) || die "$name did not start: $dir/log/$name.log"
  printf '%s %s\n' $! "${state#* }" >"$dir/pids/$name"
  obey_signal
}

# is_running NAME: the recorded process lives, and is not another one that got its number.
is_running() {
  local pid started state now
  [[ -s $dir/pids/$1 ]] || return 1
  read -r pid started <"$dir/pids/$1"
  read -r state now < <(process_state "$pid") || return 1
  [[ $state != Z && $now == "$started" ]]
}

all_running() {
  local file
  for file in "$dir"/pids/*; do
    [[ ! -e $file ]] || is_running "${file##*/}" || die "${file##*/} ended: $dir/log/${file##*/}.log"
  done
}

# stop NAME [SIGNAL]: signals, waits, kills after ten seconds.
stop() {
  local pid _ tick
  if is_running "$1"; then
    read -r pid _ <"$dir/pids/$1"
    kill -s "${2:-TERM}" "$pid"
    for ((tick = 0; tick < 100; tick++)); do
      is_running "$1" || break
      sleep 0.1
    done
    if is_running "$1"; then
      log "$1 did not stop in ten seconds: killed"
      kill -s KILL "$pid"
    fi
  fi
  rm -f "$dir/pids/$1"
}

# --- certificates ----------------------------------------------------------------------------

# sign NAME SUBJECT [ALTERNATIVE-NAMES]: DIR/pki/NAME.{key,crt}, signed by the cluster's authority.
sign() {
  local name=$dir/pki/$1
  (
    umask 077
    openssl ecparam -genkey -name prime256v1 -noout -out "$name.key"
  )
  openssl req -new -utf8 -key "$name.key" -subj "$2" -out "$name.csr"
  openssl x509 -req -in "$name.csr" -CA "$dir/pki/ca.crt" -CAkey "$dir/pki/ca.key" -days 30 \
    -set_serial "0x1$(openssl rand -hex 15)" -out "$name.crt" \
    -extfile <(printf 'extendedKeyUsage=clientAuth,serverAuth\n%s\n' "${3:+subjectAltName=$3}") 2>"$name.err" ||
    die "$(<"$name.err")"
  rm "$name.csr" "$name.err"
}

# write_kubeconfig FILE SERVER NAME: for the certificate that sign made under NAME.
write_kubeconfig() {
  (
    umask 077
    cat >"$1" <<EOF
apiVersion: v1
kind: Config
clusters:
- name: cluster
  cluster: {server: "$2", certificate-authority-data: $(base64 -w0 "$dir/pki/ca.crt")}
users:
- name: user
  user:
    client-certificate-data: $(base64 -w0 "$dir/pki/$3.crt")
    client-key-data: $(base64 -w0 "$dir/pki/$3.key")
contexts:
- name: context
  context: {cluster: cluster, user: user}
current-context: context
EOF
  )
}
