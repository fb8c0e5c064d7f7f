/** How a script of this library reaches what it needs, wherever it runs. */
export interface ScriptJobOptions {
  /**
   * An image with `node` 20 or newer, pinned by a version tag or a digest.
   *
   * @default - the public image of Node.js by version tag: `DEFAULT_IMAGE` of the construct
   */
  readonly image?: string;

  /**
   * CIDR blocks of the API server, behind its Service: those of its endpoints. The NetworkPolicy lets the pod reach
   * nothing else.
   *
   * @default - any address, since the library cannot know it; only the API server's ports are open
   */
  readonly apiServerCidrs?: string[];

  /**
   * TCP ports of the API server: that of its Service and that of its endpoints, since network plugins differ in which
   * of them they look at.
   *
   * @default [443, 6443]
   */
  readonly apiServerPorts?: number[];
}
