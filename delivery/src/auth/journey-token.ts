import { createHmac } from "node:crypto";

/** A journey asks once, at once. */
const lifetimeSeconds = 60;

/** No session has such an id. */
const prefix = "journey:";

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/**
 * An access token of a user for a journey of the smoke test. It leaves no session behind, lasts a minute, and reads only:
 * see `readToken`. Who can make one has the key that signs every login.
 */
export const journeyToken = (jwtSecret: string, userId: string, now: Date): string =>
  signToken(jwtSecret, `${prefix}${userId}`, { now, lifetimeSeconds });

/** An access token of a session, made without the server. */
export const signToken = (
  jwtSecret: string,
  sid: string,
  { now, lifetimeSeconds: seconds }: { now: Date; lifetimeSeconds: number },
): string => {
  const iat = Math.floor(now.getTime() / 1_000);
  const claims = { sid, iat, exp: iat + seconds };
  const signed = `${encode({ alg: "HS256", typ: "JWT" })}.${encode(claims)}`;
  return `${signed}.${createHmac("sha256", jwtSecret).update(signed).digest("base64url")}`;
};

/** The user of the id of a journey's session; undefined for a login. */
export const userOfJourney = (sessionId: string): string | undefined =>
  sessionId.startsWith(prefix) ? sessionId.slice(prefix.length) : undefined;
