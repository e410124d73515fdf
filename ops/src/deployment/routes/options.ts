import type { FastifyRequest, onRequestAsyncHookHandler } from "fastify";
import { z } from "zod";
import type { Clock } from "../../core/clock.ts";
import type { Operator } from "../../http/authorization.ts";
import type { ReleaseHistory } from "../history/release-history.ts";
import type { ReleaseStarter } from "./starter.ts";

export interface ReleaseRoutesOptions {
  history: ReleaseHistory;
  /** The data directory of the front, whose releases these are. */
  dataDir: string;
  /** Without it, releases are started by the command line only. */
  starter?: ReleaseStarter | undefined;
  clock: Clock;
  /** Refuses requests of people who are not operators. */
  operatorOnly: onRequestAsyncHookHandler;
  /** Returns the admin of a request, or rejects the request. */
  admin: (request: FastifyRequest) => Promise<Operator>;
}

export const releaseParams = z.strictObject({ id: z.string().regex(/^\d{8}-\d{1,6}$/) });
