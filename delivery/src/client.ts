import type { FastifyRequest } from "fastify";

const longestDeviceInfo = 256;

/** The client of a request, as sessions and confirmations record it. */
export interface Client {
  ipAddress: string;
  /** The `User-Agent`. */
  deviceInfo: string | null;
}

export const clientOf = (request: FastifyRequest): Client => ({
  ipAddress: request.ip,
  deviceInfo: request.headers["user-agent"]?.slice(0, longestDeviceInfo) ?? null,
});
