import { readEnvironment } from "./context.ts";

const lastPrivilegedPort = 1_023;
/** Where a server listens to which the system has refused its port. */
const fallbackPort = 10_001;

/** The addresses at which the settings make a server listen. */
export const usualPlaces = async (): Promise<string[]> => {
  const { HOST, PORT } = (await readEnvironment()).settings;
  const ports = PORT <= lastPrivilegedPort ? [PORT, fallbackPort] : [PORT];
  return ports.map((port) => `http://${hostToAsk(HOST)}:${port}`);
};

/** A server that listens on all networks is requested on this machine. */
const hostToAsk = (host: string): string => {
  if (host === "0.0.0.0" || host === "::") return "localhost";
  return host.includes(":") ? `[${host}]` : host;
};
