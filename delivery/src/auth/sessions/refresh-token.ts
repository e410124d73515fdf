import { createHmac, timingSafeEqual } from "node:crypto";

/** The content of a refresh token: the session, and the number of its refreshes. */
export interface RefreshToken {
  id: string;
  generation: number;
}

/** Not stored: the signature proves that the server issued it, the generation shows whether it is the newest. */
export const writeRefreshToken = ({ id, generation }: RefreshToken, jwtSecret: string): string =>
  `${id}.${generation}.${signatureOf(id, generation, jwtSecret)}`;

/** Undefined if the token was not issued by this server. */
export const readRefreshToken = (token: string, jwtSecret: string): RefreshToken | undefined => {
  const [, id = "", generation = "", signature = ""] = /^([\w-]+)\.(\d{1,9})\.([\w-]+)$/.exec(token) ?? [];
  const expected = Buffer.from(signatureOf(id, Number(generation), jwtSecret));
  const given = Buffer.from(signature);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  return { id, generation: Number(generation) };
};

const signatureOf = (id: string, generation: number, jwtSecret: string): string =>
  createHmac("sha256", jwtSecret).update(`refresh token ${generation} of ${id}`).digest("base64url");
