import { ReviewRule } from './rule';
import { Danger } from '../../model/capability';
import { asObject } from '../untrusted';

/** Annotations by which people write down until when a binding is meant to last. */
const ENDS = /(?:^|[./-])(?:expires|expire|expires-at|expires-on|expiry|expiration|expiration-date|valid-until|delete-after|ttl)$/i;

/** Why nothing ends a binding that says when it ends; undefined when it says nothing, or something owns it. */
export function neverEnds(binding: any): string | undefined {
  const metadata = asObject(binding.metadata);
  const key = [...Object.keys(asObject(metadata.annotations)), ...Object.keys(asObject(metadata.labels))].find(one => ENDS.test(one));
  const owned = Array.isArray(metadata.ownerReferences) && metadata.ownerReferences.length > 0;
  return key === undefined || owned ? undefined : `${key} is an annotation that Kubernetes does not know, and no object owns the binding`;
}

export const NEVER_ENDS = {
  id: 'SD5017',
  object: { danger: Danger.HIGH, flaws: ({ object, bound }) => [bound && neverEnds(object)].filter(why => why !== undefined) },
} satisfies ReviewRule;
