/** Names the error of a request without its message: fetch puts the address, which is a secret, into it. */
export const requestFailure = (error: unknown): string => {
  if (!(error instanceof Error)) return "the request failed";
  const { code } = (error.cause ?? {}) as { code?: unknown };
  return typeof code === "string" ? code : error.name;
};
