/** Names what kept a request from being answered, without its words: fetch puts the address, a secret, into them. */
export const requestFailure = (error: unknown): string => {
  if (!(error instanceof Error)) return "the request failed";
  const { code } = (error.cause ?? {}) as { code?: unknown };
  return typeof code === "string" ? code : error.name;
};
