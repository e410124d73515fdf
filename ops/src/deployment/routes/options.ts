import type { FastifyRequest, onRequestAsyncHookHandler } from "fastify";
import { z } from "zod";
import type { Clock } from "../../core/clock.ts";
import type { Operator } from "../../http/authorization.ts";
import type { ReleaseHistory } from "../history/release-history.ts";
import type { ReleaseStarter } from "./starter.ts";

/** Releases of a service. */
export interface Releases {
  /** The data directory of `earlybird start`, whose releases these are. */
  dataDir: string;
  /** Starts releases for the API. Without it, only the command line does. */
  starter?: ReleaseStarter | undefined;
}

export interface ReleaseRoutesOptions extends Releases {
  history: ReleaseHistory;
  clock: Clock;
  /** Refuses requests of people who are not operators. */
  operatorOnly: onRequestAsyncHookHandler;
  /** Returns the admin of a request, or rejects the request. */
  admin: (request: FastifyRequest) => Promise<Operator>;
}

export const releaseParams = z.strictObject({ id: z.string().regex(/^\d{8}-\d{1,6}$/) });
