import { Failure } from "earlybird";

export const unauthenticated = () =>
  new Failure(
    "EB_UNAUTHENTICATED",
    401,
    "This needs a valid login.",
    "Send authorization: Bearer with a token from POST /api/auth/login.",
  );

export const forbidden = (role: string) =>
  new Failure(
    "EB_FORBIDDEN",
    403,
    `The role ${role} may not do this.`,
    "Use a login whose role may, or ask an admin.",
  );
