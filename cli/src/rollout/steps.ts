import type { Standing } from './standing';

/** A step to a phase. */
interface Step {
  /** What changes, as the manifests after it have it. */
  readonly what: (after: Standing) => string;
  /** What whoever merges it has to know. */
  readonly know: string[];
  /** Why nothing may have changed. */
  readonly nothing: string;
}

export const STEPS: { readonly [phase: string]: Step } = {
  credentials: {
    what: () => 'People log in as themselves, with credentials that end; the guardrails go on watching.',
    know: [
      'The API server reads its list of issuers from its own disk: the files of `control-plane` go to each control-plane node, one after the other.',
      'Client certificates that were handed out before work until they end. Kubernetes revokes none.',
    ],
    nothing: 'This phase is what `issuers` and `certificateLife` of the declaration say, and it has neither. '
    + 'Where the provider of the cluster has the issuers, there is nothing to apply.',
  },
  broker: {
    what: ({ requestable, refusing }) => [
      refusing.length > 0 ? 'Guardrails refuse instead of watching' : 'There is no guardrail that would refuse',
      requestable.length > 0 ? 'access is asked for and approved.' : 'nothing but break-glass can be asked for: no team has `requesters` or `debugByRequest`.',
    ].join(requestable.length > 0 ? ', and ' : '; '),
    know: [
      'A stream that is open when this is applied goes on until its pod or its client ends.',
      'If a guardrail is in the way at night: `secure-debug guardrails off --reason …`, on the record, and `on` again.',
      'A debug container has no requests and limits of its own and shares those of its pod: look at the headroom before a large tool is started in it. '
      + '`--target` needs a container runtime that shares process namespaces.',
    ],
    nothing: 'The declaration says the same for both phases: is `guardrailMode` set?',
  },
};
