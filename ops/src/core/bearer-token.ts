import { createHash, timingSafeEqual } from "node:crypto";

/** Returns a check for the `authorization` header of a request. Without a token, no request passes. */
export const bearerTokenCheck = (
  token: string | undefined,
): ((authorization: string | undefined) => boolean) => {
  if (token === undefined) return () => false;
  const expected = digest(`Bearer ${token}`);
  return (authorization = "") => timingSafeEqual(digest(authorization), expected);
};

/** Gives both sides the same length, as the constant-time comparison requires. */
const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
