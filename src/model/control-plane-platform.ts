/** What runs the control plane. */
export enum ControlPlanePlatform {
  /**
   * kubeadm: a ClusterConfiguration to merge with one's own (v1beta4, before Kubernetes 1.31 v1beta3).
   *
   * @see https://kubernetes.io/docs/reference/config-api/kubeadm-config.v1beta4/
   */
  KUBEADM = 'kubeadm',

  /**
   * Cluster API: a merge patch for the KubeadmControlPlane (v1beta2, Cluster API 1.11 and later), with the files in it.
   *
   * @see https://pkg.go.dev/sigs.k8s.io/cluster-api/api/bootstrap/kubeadm/v1beta2
   */
  CLUSTER_API = 'cluster-api',

  /**
   * kind: a cluster configuration (v1alpha4) that mounts the files into the control plane node.
   *
   * @see https://kind.sigs.k8s.io/docs/user/auditing/
   */
  KIND = 'kind',

  /**
   * K3s: a drop-in for /etc/rancher/k3s/config.yaml.d.
   *
   * @see https://docs.k3s.io/installation/configuration#multiple-config-files
   */
  K3S = 'k3s',

  /**
   * RKE2: a drop-in for /etc/rancher/rke2/config.yaml.d.
   *
   * @see https://docs.rke2.io/reference/server_config
   */
  RKE2 = 'rke2',

  /**
   * Talos Linux: a machine configuration patch for control plane nodes, with the policy in it.
   *
   * @see https://www.talos.dev/v1.12/talos-guides/configuration/patching/
   */
  TALOS = 'talos',

  /**
   * kOps: a part of the Cluster spec (kops.k8s.io/v1alpha2, kOps 1.26 and later), with the files in it.
   *
   * @see https://kops.sigs.k8s.io/cluster_spec/#audit-logging
   */
  KOPS = 'kops',

  /** Amazon EKS: not possible, the provider sets the policy. Read its log instead. */
  EKS = 'eks',

  /** Azure AKS: not possible, the provider sets the policy. Read its log instead. */
  AKS = 'aks',

  /** Google GKE: not possible, the provider sets the policy. Read its log instead. */
  GKE = 'gke',
}
