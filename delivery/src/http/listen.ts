import { defineFailure, type SlotListening } from "@earlybird-ops/platform";
import type { FastifyInstance } from "fastify";

const unprivilegedPort = 10_001;

const portTaken = defineFailure({
  code: "EB_PORT_TAKEN",
  status: 500,
  detail: "Port {port} is already in use.",
  remedy: "Stop the other program, or set PORT to another port.",
});

const hostNotOurs = defineFailure({
  code: "EB_HOST_NOT_OURS",
  status: 500,
  detail: "This machine has no address {host} to listen on.",
  remedy: "Correct HOST: localhost is this machine only, 0.0.0.0 is all networks.",
});

/** Where the server listens. */
interface Place {
  host: string;
  port: number;
  slot?: SlotListening | undefined;
}

/**
 * Listens in the slot, or else on the port. If it requires privileges, the server uses 10001.
 *
 * @returns the address
 * @throws Failure EB_PORT_TAKEN, EB_HOST_NOT_OURS
 */
export const listen = async (app: FastifyInstance, { host, port, slot }: Place): Promise<string> => {
  if (slot) {
    slot.attach(app.server);
    await app.listen({ path: slot.path });
    return slot.url;
  }
  try {
    return await app.listen({ host, port });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE") throw portTaken({ port });
    if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") throw hostNotOurs({ host });
    if (code !== "EACCES" || port === unprivilegedPort) throw error;
    app.log.warn(`this system refuses port ${port} to an ordinary user; taking ${unprivilegedPort}`);
    return listen(app, { host, port: unprivilegedPort });
  }
};
