#!/usr/bin/env bash
# Usage: down.sh DIR [--when-gone PID]
# Stops the cluster in DIR and removes all it made; DIR/log and DIR/audit.log stay. Harmless if there is none.
# With --when-gone, first waits for the end of that process (up.sh --owner runs it so).
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

# Containers' control groups are the one thing of a node that no namespace takes away.
remove_control_groups() {
  local slot=$1 group
  for group in "/sys/fs/cgroup/csd$slot" /sys/fs/cgroup/*/"csd$slot"; do
    if [[ -d $group ]]; then find "$group" -depth -type d -exec rmdir {} + || return; fi
  done
}

main() {
  (($# == 1 || $# == 3)) || usage
  dir=$(readlink -m -- "$1")
  if (($# == 3)); then
    local owner _
    read -r _ owner < <(process_state "$3") || owner=gone
    while [[ $(process_state "$3") == [!Z]*" $owner" ]]; do sleep 1; done
    rm -f "$dir/pids/owner" # this process: not to be stopped by itself
    log "process $3 is gone"
  fi
  if [[ ! -d $dir/pids ]] || ! is_marked; then
    log "no cluster in $dir"
    return
  fi

  trap '' INT TERM HUP # an impatient second Ctrl-C must not leave half of it
  local name slot
  stop owner
  for name in kube-controller-manager kube-scheduler kube-apiserver etcd; do stop "$name"; done
  stop node KILL # its first process: the kernel takes all others along

  if [[ -e $dir/cluster.env ]]; then
    slot=$(sed -n 's/^SLOT=//p' "$dir/cluster.env")
    wait_for 60 "the end of the node's network" test ! -e "/sys/class/net/csd$slot"
    wait_for 60 "the end of the containers" remove_control_groups "$slot"
  fi
  if grep -qF " $dir/" /proc/self/mountinfo; then die "something is still mounted under $dir; see /proc/mounts"; fi
  rm -rf --one-file-system "$dir"/{node,etcd,pki,users,cluster.env,pids} "$dir"/*.kubeconfig
}

main "$@"
