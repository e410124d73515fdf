import { fullWeight, type Slot, type Weights } from "../traffic/traffic-switch.ts";

/** FNV-1a, 32 bits. */
export const fnv1a = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return hash >>> 0;
};

/** The bucket of a client, 0 to 9999. The release is the salt: each release tries other clients first. */
export const bucketOfClient = (release: string, client: string): number =>
  avalanche(fnv1a(`${release} ${client}`)) % fullWeight;

/**
 * The slot of a bucket. Green takes the low buckets and blue the high ones, so that raising the weight of either moves
 * no client away from it.
 */
export const slotOfBucket = (weights: Weights, bucket: number): Slot =>
  bucket < weights.green ? "green" : "blue";

/** The low digits of FNV-1a depend little on the first characters; the finalizer of MurmurHash3 mixes them. */
const avalanche = (hash: number): number => {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
};
