import { z } from "zod";

/** An existing password: it can be shorter than a new one. */
export const typedPassword = z.string().min(1).max(200);

/** A code of an authenticator, or a recovery code. */
export const code = z.string().trim().toLowerCase().min(6).max(40);
