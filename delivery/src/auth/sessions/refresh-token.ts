import { createHmac, timingSafeEqual } from "node:crypto";

/** What a refresh token says: of which session it is, and how often that had been refreshed. */
export interface RefreshToken {
  id: string;
  generation: number;
}

/** Nothing of it is stored: the signature shows that it was issued here, and its generation whether it is the newest. */
export const writeRefreshToken = ({ id, generation }: RefreshToken, jwtSecret: string): string =>
  `${id}.${generation}.${signatureOf(id, generation, jwtSecret)}`;

/** Undefined for what was not issued here. */
export const readRefreshToken = (token: string, jwtSecret: string): RefreshToken | undefined => {
  const [, id = "", generation = "", signature = ""] = /^([\w-]+)\.(\d{1,9})\.([\w-]+)$/.exec(token) ?? [];
  const expected = Buffer.from(signatureOf(id, Number(generation), jwtSecret));
  const given = Buffer.from(signature);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  return { id, generation: Number(generation) };
};

const signatureOf = (id: string, generation: number, jwtSecret: string): string =>
  createHmac("sha256", jwtSecret).update(`refresh token ${generation} of ${id}`).digest("base64url");
