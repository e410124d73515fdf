import { z } from "zod";

/** A password as it is typed: an old one may be shorter than a new one has to be. */
export const typedPassword = z.string().min(1).max(200);

/** A code of an authenticator, or a recovery code. */
export const code = z.string().trim().toLowerCase().min(6).max(40);
