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

/** Unknown role or wrong password. */
const loginRefusals = new Set(["28000", "28P01"]);

/** Whether the server refused the login: at the start a wrong setting, later a changed password. */
export const isLoginRefused = (error: unknown): boolean =>
  loginRefusals.has(String((error as { code?: unknown } | null)?.code));

/** The driver sets no code for these. */
const messages =
  /^(Connection terminated|timeout exceeded when trying to connect|timeout expired|Query read timeout|Client (has encountered a connection error|was closed) and is not queryable)/;

/**
 * Whether an error means that the database cannot be reached, as opposed to an error that the database returned.
 *
 * True for refused, reset and timed-out connections, for a server that starts or stops, for a changed password, and for
 * a pool without a free connection in time. Checks `cause` and AggregateError (which Node raises if a name has several
 * addresses), too.
 */
export const isDatabaseUnavailable = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError && error.errors.length > 0) {
    return error.errors.every(isDatabaseUnavailable);
  }
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code !== undefined) {
    // A missing file and a missing socket have the same code; the system call tells them apart.
    if (code === "ENOENT") return syscall === "connect";
    if (systemCodes.has(code) || sqlStates.has(code) || code.startsWith("08") || isLoginRefused(error))
      return true;
  }
  return messages.test(error.message) || isDatabaseUnavailable(error.cause);
};
