/** What the error codes of the operating system mean for a connection to the database. */
const meanings: Record<string, string> = {
  ECONNREFUSED: "the server refuses connections",
  ECONNRESET: "the server broke the connection",
  EPIPE: "the server broke the connection",
  ETIMEDOUT: "the server does not answer",
  EHOSTUNREACH: "the network has no route to the server",
  ENETUNREACH: "the network has no route to the server",
  ENOTFOUND: "the name of the server is unknown",
  EAI_AGAIN: "the name of the server cannot be resolved now",
  ENOENT: "the socket of the server does not exist",
};

/**
 * The reason of a failed ping for people: `connect ECONNREFUSED 10.0.0.7:5432` becomes `the server refuses connections
 * (ECONNREFUSED 10.0.0.7:5432)`. A message of PostgreSQL stays as it is.
 */
export const connectionFailure = (reason: string): string => {
  const [, code = "", rest = ""] = /\b(E[A-Z_]{3,})\b\s*([^;]*)/.exec(reason) ?? [];
  const meaning = meanings[code];
  return meaning ? `${meaning} (${[code, rest.trim()].filter(Boolean).join(" ")})` : reason;
};
