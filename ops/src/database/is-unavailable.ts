const systemCodes = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "EHOSTDOWN",
  "ENETUNREACH",
  "ENETDOWN",
  "ENOENT",
]);

/** Shut down by an administrator, crashed, starting up or shutting down, too many connections. */
const sqlStates = new Set(["57P01", "57P02", "57P03", "57P05", "53300"]);

/** The server knows no such role, or its password is another. */
const loginRefusals = new Set(["28000", "28P01"]);

/** Whether the server refused the login itself: at start a wrong setting, later a password that was changed. */
export const isLoginRefused = (error: unknown): boolean =>
  loginRefusals.has(String((error as { code?: unknown } | null)?.code));

/** The driver gives these no code. */
const messages =
  /^(Connection terminated|timeout exceeded when trying to connect|timeout expired|Query read timeout|Client (has encountered a connection error|was closed) and is not queryable)/;

/**
 * Whether an error means "the database cannot be reached now", as opposed to "it answered no".
 *
 * True for refused, reset and timed-out connections, for a server that starts or stops, for a password that was changed,
 * and for a pool that could give no connection in time. Looks through `cause` and AggregateError (which Node raises when
 * a name has several addresses).
 */
export const isDatabaseUnavailable = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError && error.errors.length > 0) {
    return error.errors.every(isDatabaseUnavailable);
  }
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code !== undefined) {
    // A file that is missing has the same code as a socket that is: only the system call tells them apart.
    if (code === "ENOENT") return syscall === "connect";
    if (systemCodes.has(code) || sqlStates.has(code) || code.startsWith("08") || isLoginRefused(error))
      return true;
  }
  return messages.test(error.message) || isDatabaseUnavailable(error.cause);
};
