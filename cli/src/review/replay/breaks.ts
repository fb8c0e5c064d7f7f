/** Something that was done and that the roles do not allow. */
export interface Break {
  readonly user: string;
  readonly groups: string[];
  readonly verb: string;
  readonly apiGroup: string;
  readonly resource: string;
  readonly path?: string;
  readonly namespace?: string;
  /** The objects, sorted. */
  readonly names: string[];
  readonly times: number;
  readonly first: string;
  readonly last: string;
  /** It was not sent, but other clients send it for the same: the second verb of a stream. */
  readonly otherClients?: boolean;
}

export interface Replayed {
  readonly breaks: Break[];
  /** Requests that are allowed, and those that are not. */
  readonly passed: number;
  readonly broken: number;
}

/** So many names are told; JSON has all. */
const NAMES = 3;

/** `pods/exec api-0, api-1 and 4 more` */
export function whatText({ resource, apiGroup, path, names }: Break): string {
  const [base, ...subresource] = resource.split('/');
  const what = path ?? [apiGroup ? `${base}.${apiGroup}` : base, ...subresource].join('/');
  return [what, ...names.length > 0 ? [`${names.slice(0, NAMES).join(', ')}${names.length > NAMES ? ` and ${names.length - NAMES} more` : ''}`] : []].join(' ');
}
