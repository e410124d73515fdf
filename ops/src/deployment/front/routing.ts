import type { IncomingMessage } from "node:http";
import type { Division } from "../traffic/division-file.ts";
import { otherSlot, type Slot } from "../traffic/traffic-switch.ts";
import type { VersionRoutes } from "./api-version.ts";
import type { Backend, Backends } from "./backend.ts";
import { bucketOfClient, fnv1a, slotOfBucket } from "./buckets.ts";
import { clientKeyOf, type TrustsProxy } from "./client.ts";

/** What requests are forwarded with. */
export interface Routing {
  backends: Backends;
  trusts: TrustsProxy;
  versions: VersionRoutes;
  division: () => Division;
}

/** Where a request goes. */
export interface Route {
  /** Hash of the client. */
  client: number;
  slot: Slot;
}

export const routeOf = (request: IncomingMessage, routing: Routing): Route => {
  const { trusts, division, versions, backends } = routing;
  const key = clientKeyOf(request, trusts);
  const { weights, release } = division();
  const onlyOne = versions.slotFor(request, backends);
  return { client: fnv1a(key), slot: onlyOne ?? slotOfBucket(weights, bucketOfClient(release, key)) };
};

/**
 * The backend of a slot, or the other one if it is ejected, unless that one is drained: it is about to end. If neither is
 * there, each is tried: it may serve again before the front has noticed. Undefined if both were tried.
 */
export const backendFor = (
  slot: Slot,
  backends: Backends,
  tried: ReadonlySet<Backend>,
): Backend | undefined => {
  const [own, other] = [backends[slot], backends[otherSlot(slot)]];
  const left = [own, other].filter((backend) => !tried.has(backend));
  const isThere = (backend: Backend) => !backend.ejected && !(backend === other && backend.isDraining);
  return left.find(isThere) ?? left[0];
};
