import type { IncomingMessage } from "node:http";
import type { Division } from "../traffic/division-file.ts";
import { otherSlot, type Slot } from "../traffic/traffic-switch.ts";
import type { Backend, Backends } from "./backend.ts";
import { bucketOfClient, fnv1a, slotOfBucket } from "./buckets.ts";
import { clientKeyOf, type TrustsProxy } from "./client.ts";

/** What requests are forwarded with. */
export interface Routing {
  backends: Backends;
  trusts: TrustsProxy;
  division: () => Division;
}

/** Where a request goes. */
export interface Route {
  /** Hash of the client. */
  client: number;
  slot: Slot;
}

export const routeOf = (request: IncomingMessage, { trusts, division }: Routing): Route => {
  const key = clientKeyOf(request, trusts);
  const { weights, release } = division();
  return { client: fnv1a(key), slot: slotOfBucket(weights, bucketOfClient(release, key)) };
};

/** The backend of a slot, or the other one if it is ejected; undefined if neither can be used. */
export const backendFor = (
  slot: Slot,
  backends: Backends,
  tried: ReadonlySet<Backend>,
): Backend | undefined =>
  [backends[slot], backends[otherSlot(slot)]].find((backend) => !backend.ejected && !tried.has(backend));
