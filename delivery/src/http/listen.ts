import { Failure } from "earlybird";
import type { FastifyInstance } from "fastify";

const unprivilegedPort = 10_001;

const portTaken = (port: number) =>
  new Failure(
    "EB_PORT_TAKEN",
    500,
    `Another program listens on port ${port} already.`,
    "Stop that program, or choose another port with PORT.",
  );

const hostNotOurs = (host: string) =>
  new Failure(
    "EB_HOST_NOT_OURS",
    500,
    `This machine has no address ${host} to listen on.`,
    "Correct HOST: localhost is this machine alone, 0.0.0.0 all its networks.",
  );

/**
 * Listens on the port. If it requires privileges, the server uses 10001.
 *
 * @returns the address
 * @throws Failure EB_PORT_TAKEN, EB_HOST_NOT_OURS
 */
export const listen = async (
  app: FastifyInstance,
  { host, port }: { host: string; port: number },
): Promise<string> => {
  try {
    return await app.listen({ host, port });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE") throw portTaken(port);
    if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") throw hostNotOurs(host);
    if (code !== "EACCES" || port === unprivilegedPort) throw error;
    app.log.warn(`this system refuses port ${port} to an ordinary user; taking ${unprivilegedPort}`);
    return listen(app, { host, port: unprivilegedPort });
  }
};
