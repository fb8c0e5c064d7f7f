#!/usr/bin/env bash
# The first process of a node; up.sh runs it in new mount, network, PID, IPC and UTS namespaces, and nobody else should.
# Its root is a copy-on-write view of this host: what kubelet, containerd, a pod with a hostPath or "kubectl debug node"
# write outside DIR goes to memory and is gone with the node.
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

dir=$1 slot=$2 containerd=$3 kubelet=$4 kube_proxy=$5
node=$dir/node address=198.18.$slot.2

# /proc is still this host's, so this is the number by which the host knows this process.
read -r pid _ </proc/self/stat
printf '%s\n' "$pid" >"$node/init"

change_root() {
  local directory file
  mkdir -p "$node"/{root,containerd,kubelet} "$dir/log/node"
  mount -t tmpfs node "$node/root"
  cd "$node/root"
  mkdir upper work root
  mount -t overlay overlay -o lowerdir=/,upperdir=upper,workdir=work root
  cd root
  mount -t proc proc proc
  mount -t sysfs sysfs sys
  mount --rbind /sys/fs/cgroup sys/fs/cgroup
  mount --rbind /dev dev
  mount -t tmpfs tmpfs run
  mkdir -p var/lib/{containerd,kubelet}
  mount --bind "$node/containerd" var/lib/containerd
  mount --bind "$node/kubelet" var/lib/kubelet
  mount --bind "$dir/log/node" var/log
  for directory in "$dir" "${kubelet%/*}" "${kube_proxy%/*}" "${containerd%/*}"; do
    mkdir -p ".$directory"
    mount --bind "$directory" ".$directory"
  done
  # Kernel settings that have no namespace and that kubelet would change for the whole host: it gets files instead.
  mkdir run/sysctl
  for file in vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys \
    kernel/keys/root_maxbytes; do
    cp "/proc/sys/$file" "run/sysctl/${file//\//-}"
    mount --bind "run/sysctl/${file//\//-}" "proc/sys/$file"
  done
  mkdir old
  pivot_root . old
  cd /
  umount -l /old
  rmdir /old
  mount --make-rshared /
}

join_network() {
  echo node-1 >/proc/sys/kernel/hostname
  ip link set lo up
  wait_for 60 "the cable to the host" test -e /sys/class/net/eth0
  ip addr add "$address/30" dev eth0
  ip link set eth0 up
  # No way out for pods. Services have a route, so that what the node itself sends them gets as far as kube-proxy's rules.
  ip route add "198.19.$slot.0/24" via "198.18.$slot.1"
  echo 1 >/proc/sys/net/ipv4/ip_forward
}

configure() {
  mkdir -p /etc/node/cni
  : >/etc/node/resolv.conf
  cat >/etc/node/containerd.toml <<EOF
version = 3
[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "registry.k8s.io/pause:local"
[plugins."io.containerd.cri.v1.runtime"]
  disable_apparmor = true # profiles are loaded for the whole host
  restrict_oom_score_adj = true # where root lacks CAP_SYS_RESOURCE, no pod would start
[plugins."io.containerd.cri.v1.runtime".cni]
  bin_dirs = ["/usr/lib/cni"]
  conf_dir = "/etc/node/cni"
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
  SystemdCgroup = false
EOF
  cat >/etc/node/cni/10-pods.conflist <<EOF
{"cniVersion": "1.0.0", "name": "pods", "plugins": [
  {"type": "ptp", "ipam": {"type": "host-local",
    "ranges": [[{"subnet": "198.18.$slot.128/25"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
EOF
  cat >/etc/node/kubelet.yaml <<EOF
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
address: $address
tlsCertFile: $dir/pki/kubelet.crt
tlsPrivateKeyFile: $dir/pki/kubelet.key
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $dir/pki/ca.crt}}
authorization: {mode: Webhook}
resolvConf: /etc/node/resolv.conf
clusterDNS: [198.19.$slot.10] # where a test that wants DNS puts its Service
clusterDomain: cluster.local
cgroupDriver: cgroupfs
cgroupRoot: /csd$slot
enforceNodeAllocatable: [none]
failCgroupV1: false
failSwapOn: false
evictionHard: {memory.available: 1Mi} # no eviction, and no image is collected, because the host's disk is full
imageGCHighThresholdPercent: 100
EOF
  cat >/etc/node/kube-proxy.yaml <<EOF
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clientConnection: {kubeconfig: $dir/kube-proxy.kubeconfig}
mode: iptables
bindAddress: $address
clusterCIDR: 198.18.$slot.128/25
conntrack: {maxPerCore: 0, min: 0, tcpCloseWaitTimeout: 0s, tcpEstablishedTimeout: 0s} # also the whole host's
EOF
}

# launch NAME COMMAND...: with the flags that up.sh --patch gave for it.
launch() {
  local name=$1 extra
  shift
  mapfile -t extra < <(grep . "$node/$name.flags" || [[ $? -eq 1 ]])
  "$@" "${extra[@]}" >"$dir/log/$name.log" 2>&1 &
}

# What up.sh recorded in DIR/pids has other numbers in here, so nothing can be asked about it.
all_running() { :; }

# The parent of all control groups that kubelet makes; down.sh removes it. With cgroup v2 it must be allowed to hand
# on each controller that kubelet asks for.
make_control_group() {
  local root=/sys/fs/cgroup group controller
  if [[ -e $root/cgroup.controllers ]]; then
    for controller in cpuset cpu io memory hugetlb pids; do
      if grep -qw "$controller" "$root/cgroup.controllers"; then echo "+$controller" >"$root/cgroup.subtree_control"; fi
    done
    mkdir -p "$root/csd$slot"
    return
  fi
  for group in "$root"/*/; do
    if [[ -e $group/tasks ]]; then mkdir -p "$group/csd$slot"; fi
  done
}

change_root
make_control_group
join_network
configure
PATH=${containerd%/*}:$PATH:/usr/sbin:/sbin
launch containerd "$containerd" --config /etc/node/containerd.toml
wait_for 600 "the API server" test -e "$node/start-kubelet"
launch kubelet "$kubelet" --config /etc/node/kubelet.yaml --kubeconfig "$dir/kubelet.kubeconfig" \
  --hostname-override node-1 --node-ip "$address"
# It ends when it learns of the node's address only after its own start.
wait_for 600 "the node to register" test -e "$node/start-kube-proxy"
launch kube-proxy "$kube_proxy" --config /etc/node/kube-proxy.yaml --hostname-override node-1
wait -n # none of them ends by itself: if one does, so does the node, and up.sh or the next command says so
exit 1
