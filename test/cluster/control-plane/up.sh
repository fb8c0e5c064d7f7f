#!/usr/bin/env bash
# Usage: up.sh DIR [option...]
# Boots a real Kubernetes under DIR, out of reach of any network but this host's own, and returns when a pod can run:
# etcd, API server, controller manager, scheduler and, unless --no-node is given, a node (containerd, kubelet, kube-proxy).
# What is not built yet is built first. down.sh DIR stops it.
#
#   --version 1.37 | 1.37.1        Kubernetes to run; default: that of KUBEBUILDER_ASSETS, else the newest of versions.txt
#   --audit-policy FILE            audit.k8s.io/v1 Policy; without it, Kubernetes logs nothing
#   --authentication-config FILE   AuthenticationConfiguration
#   --patch COMPONENT=FLAG         one more flag for a component, such as kube-apiserver=--event-ttl=5m; may be repeated
#   --no-node                      the control plane alone; needs no root
#   --node-image TAG               also puts an image with this host's Node.js on the node, under this name
#   --owner PID                    stop the cluster when this process is gone, however it ended
#
# Made under DIR: cluster.env (addresses, paths), admin.kubeconfig, audit.log, log/ (also of the pods, in log/node/pods).
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

readonly components=(etcd kube-apiserver kube-controller-manager kube-scheduler containerd kubelet kube-proxy)
declare -A patches=()
with_node=yes node_image='' audit_policy='' owner='' wanted='' audit=() authentication=()

absolute() { [[ -r $1 ]] || die "cannot read $1"; readlink -f -- "$1"; }

parse() {
  local file
  if (($# == 0)) || [[ $1 == -* ]]; then usage; fi
  dir=$(readlink -m -- "$1")
  shift
  while (($# > 0)); do
    if [[ $1 != --no-node && $# -lt 2 ]]; then die "$1 wants a value"; fi
    case $1 in
      --version) wanted=$2 ;;
      --audit-policy)
        file=$(absolute "$2")
        audit_policy=$file
        audit=(--audit-policy-file="$file" --audit-log-path="$dir/audit.log" --audit-log-maxsize=10000) ;;
      --authentication-config)
        file=$(absolute "$2")
        authentication=(--authentication-config="$file") ;;
      --patch)
        [[ ${2#*=} == --* && " ${components[*]} " == *" ${2%%=*} "* ]] || die "--patch wants COMPONENT=--flag=value, not $2"
        patches[${2%%=*}]+="${2#*=}"$'\n' ;;
      --node-image) node_image=$2 ;;
      --owner) owner=$2 ;;
      --no-node) with_node=no; shift; continue ;;
      *) die "unknown option $1" ;;
    esac
    shift 2
  done
}

# flags COMPONENT: its patches, as the array "extra".
flags() {
  extra=()
  if [[ -n ${patches[$1]:-} ]]; then mapfile -t extra < <(printf '%s' "${patches[$1]}"); fi
}

# run COMPONENT FLAG...: starts it with its patches.
run() {
  local name=$1 extra program
  shift
  program=$(find_program "$name" "$version") || die "$name is not built"
  flags "$name"
  start "$name" "$program" "$@" "${extra[@]}"
}

# Each cluster has a number: its addresses follow from it, so clusters run side by side with the usual ports. The number
# is claimed by a lock that etcd inherits, and that the kernel therefore gives back when the last process is gone.
claim_slot() {
  mkdir -p "$cache/slots"
  for ((slot = 1; slot < 255; slot++)); do
    exec 9>"$cache/slots/$slot"
    flock -n 9 || continue
    # Another user's cluster, or a network that has these addresses (198.18.0.0/15 is reserved for tests, RFC 2544).
    if (: <"/dev/tcp/127.18.$slot.1/2379") 2>/dev/null || [[ -e /sys/class/net/csd$slot ]]; then continue; fi
    if ip -4 route show match "198.18.$slot.1" | grep -qv '^default'; then continue; fi
    loopback=127.18.$slot.1
    services=198.19.$slot.0/24
    server_address=$loopback
    if [[ $with_node == yes ]]; then server_address=198.18.$slot.1; fi
    return
  done
  die "no free addresses left in 198.18.0.0/16 and 127.18.0.0/16"
}

make_certificates() {
  (
    umask 077
    openssl ecparam -genkey -name prime256v1 -noout -out "$dir/pki/ca.key"
    openssl ecparam -genkey -name prime256v1 -noout -out "$dir/pki/service-accounts.key"
  )
  openssl req -x509 -new -key "$dir/pki/ca.key" -subj /CN=cluster -days 30 -out "$dir/pki/ca.crt"
  sign apiserver /CN=kube-apiserver \
    "DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,IP:$server_address,IP:${services%.*}.1"
  sign admin /O=system:masters/CN=admin
  sign apiserver-kubelet-client /O=system:masters/CN=kube-apiserver-kubelet-client
  sign kube-controller-manager /CN=system:kube-controller-manager
  sign kube-scheduler /CN=system:kube-scheduler
  sign kube-proxy /CN=system:kube-proxy
  sign kubelet /O=system:nodes/CN=system:node:node-1 "DNS:node-1,IP:198.18.$slot.2"

  local name
  for name in kube-controller-manager kube-scheduler kube-proxy kubelet; do
    write_kubeconfig "$dir/$name.kubeconfig" "https://$server_address:6443" "$name"
  done
  write_kubeconfig "$dir/admin.kubeconfig" "https://$server_address:6443" admin
}

start_control_plane() {
  local pki=$dir/pki
  run etcd --data-dir="$dir/etcd" --unsafe-no-fsync \
    --listen-client-urls="http://$loopback:2379" --advertise-client-urls="http://$loopback:2379" \
    --listen-peer-urls="http://$loopback:2380" --initial-advertise-peer-urls="http://$loopback:2380" \
    --initial-cluster="default=http://$loopback:2380"
  local reconciler=(--endpoint-reconciler-type=none) # a loopback address cannot be an endpoint
  if [[ $with_node == yes ]]; then reconciler=(); fi
  # With Retry-After it waits two seconds for open watches when it is stopped, not sixty.
  run kube-apiserver --shutdown-send-retry-after --etcd-servers="http://$loopback:2379" \
    --bind-address="$server_address" --advertise-address="$server_address" --secure-port=6443 "${reconciler[@]}" \
    --service-cluster-ip-range="$services" --allow-privileged \
    --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction \
    --client-ca-file="$pki/ca.crt" --tls-cert-file="$pki/apiserver.crt" --tls-private-key-file="$pki/apiserver.key" \
    --service-account-issuer=https://kubernetes.default.svc \
    --service-account-key-file="$pki/service-accounts.key" \
    --service-account-signing-key-file="$pki/service-accounts.key" \
    --kubelet-certificate-authority="$pki/ca.crt" --kubelet-preferred-address-types=InternalIP \
    --kubelet-client-certificate="$pki/apiserver-kubelet-client.crt" \
    --kubelet-client-key="$pki/apiserver-kubelet-client.key" \
    "${audit[@]}" "${authentication[@]}"
  wait_for 300 "the API server" "${kubectl[@]}" get --raw /readyz
  run kube-controller-manager --kubeconfig="$dir/kube-controller-manager.kubeconfig" --secure-port=0 \
    --leader-elect=false --use-service-account-credentials --root-ca-file="$pki/ca.crt" \
    --service-account-private-key-file="$pki/service-accounts.key" \
    --cluster-signing-cert-file="$pki/ca.crt" --cluster-signing-key-file="$pki/ca.key" \
    --kube-api-qps=500 --kube-api-burst=500 # at the default of 20 it takes seconds more to start
  run kube-scheduler --kubeconfig="$dir/kube-scheduler.kubeconfig" --secure-port=0 --leader-elect=false
}

# The node is a set of namespaces with its own root, processes and network (see node.sh); a virtual cable joins it to
# this host. All of it, iptables rules and mounts included, is gone when its first process is.
create_node() {
  local extra component init
  for component in containerd kubelet kube-proxy; do
    flags "$component"
    printf '%s\n' "${extra[@]}" >"$dir/node/$component.flags"
    find_program "$component" "$version" >/dev/null || die "$component is not built"
  done
  start node unshare --fork --kill-child --pid --mount --net --ipc --uts \
    "$here/node.sh" "$dir" "$slot" "$(find_program containerd "$version")" "$(find_program kubelet "$version")" \
    "$(find_program kube-proxy "$version")"
  wait_for 60 "the node's first process" test -s "$dir/node/init"
  init=$(<"$dir/node/init")
  ip link add "csd$slot" type veth peer name eth0 netns "$init"
  ip addr add "198.18.$slot.1/30" dev "csd$slot"
  ip link set "csd$slot" up
  ip route add "198.18.$slot.128/25" via "198.18.$slot.2" # to its pods
}

# The rules of kube-proxy for the Service "kubernetes", without which a pod does not reach the API server.
services_routed() { nsenter --target "$(<"$dir/node/init")" --net iptables-save -t nat | grep default/kubernetes; }

start_node() {
  touch "$dir/node/start-kubelet"
  wait_for 120 containerd test -S "/proc/$(<"$dir/node/init")/root/run/containerd/containerd.sock"
  wait_for 120 "the node to register" "${kubectl[@]}" get node node-1
  touch "$dir/node/start-kube-proxy"
  "$here/image.sh" "$dir" registry.k8s.io/pause:local --program busybox \
    --command '["/bin/sh","-c","trap \"exit 0\" TERM INT; while :; do sleep 3600 & wait; done"]'
  "$here/image.sh" "$dir" docker.io/library/busybox:1.36 --program busybox
  if [[ -n $node_image ]]; then
    "$here/image.sh" "$dir" "$node_image" --program busybox --program "$(node -p process.execPath)"
  fi
  wait_for 300 "the node to be Ready" "${kubectl[@]}" wait --for=condition=Ready --timeout=1s node/node-1
  wait_for 120 kube-proxy services_routed
}

# However up.sh ends before the cluster is ready, nothing of it stays.
undo() {
  log "up.sh did not finish: stopping what was started; logs are in $dir/log"
  "$here/down.sh" "$dir"
  obey_signal
}

main() {
  parse "$@"
  if [[ $with_node == yes && $EUID -ne 0 ]]; then
    unsupported "a node needs root (the control plane alone does not: --no-node)."
  fi
  version=$(resolve_version "$wanted")
  if [[ $with_node == yes ]]; then "$here/build.sh" "$version"; else "$here/build.sh" --no-node "$version"; fi
  find_program kube-apiserver "$version" >/dev/null || die "versions.txt has no cluster of Kubernetes $version"

  local began=$SECONDS
  if [[ -e $dir/pids ]]; then die "there is a cluster in $dir already: down.sh $dir"; fi
  mkdir -p "$dir"
  if ! is_marked && [[ -n $(ls -A "$dir") ]]; then die "$dir is not empty, and not of a former cluster"; fi
  mark
  rm -rf "$dir/log" "$dir/audit.log"
  trap undo EXIT
  trap 'caught=130' INT
  trap 'caught=143' TERM HUP
  mkdir -p "$dir"/{pids,log,pki,etcd,node,users}
  chmod 700 "$dir"

  claim_slot
  log "starting Kubernetes $version in $dir"
  make_certificates
  kubectl=("$(find_program kubectl "$version")" --kubeconfig="$dir/admin.kubeconfig" --request-timeout=10s)
  cat >"$dir/cluster.env" <<EOF
KUBERNETES_VERSION=$version
SERVER=https://$server_address:6443
KUBECONFIG=$dir/admin.kubeconfig
KUBECTL=${kubectl[0]}
AUDIT_POLICY=${audit_policy}
SLOT=$slot
EOF
  if [[ $with_node == yes ]]; then create_node; fi
  start_control_plane
  if [[ $with_node == yes ]]; then start_node; fi
  wait_for 120 "the default service account" "${kubectl[@]}" get serviceaccount default
  if [[ -n $owner ]]; then start owner "$here/down.sh" "$dir" --when-gone "$owner"; fi
  obey_signal
  trap - EXIT
  log "ready after $((SECONDS - began)) s: export KUBECONFIG=$dir/admin.kubeconfig"
}

main "$@"
