/** Audit policies as they are copied around, each with the mistake that its name tells. */
export const BROKEN_POLICIES: Record<string, any[]> = {
  'a rule for the verb create alone': [
    { level: 'Request', verbs: ['create'], resources: [{ group: '', resources: ['pods/exec', 'pods/attach', 'pods/portforward'] }] },
    { level: 'None', verbs: ['get', 'list', 'watch'] },
    { level: 'Metadata' },
  ],
  'a None rule for reads before the rule for exec': [
    { level: 'None', verbs: ['get', 'list', 'watch'] },
    { level: 'Request', resources: [{ group: '', resources: ['pods/exec', 'pods/attach', 'pods/portforward', 'pods/ephemeralcontainers'] }] },
    { level: 'Metadata' },
  ],
};
