import { Failure } from "earlybird";

export const unauthenticated = () =>
  new Failure(
    "EB_UNAUTHENTICATED",
    401,
    "This needs a valid login.",
    "Send authorization: Bearer with a token from POST /api/auth/login.",
  );

export const wrongLogin = () =>
  new Failure(
    "EB_WRONG_LOGIN",
    401,
    "Email and password do not belong to an active login.",
    "Check both, or ask an admin whether the login is active.",
  );

export const enrolmentNeeded = () =>
  new Failure(
    "EB_TOTP_ENROLMENT_NEEDED",
    403,
    "An admin needs a second factor here, and this login has none.",
    "Set it up with POST /api/auth/totp/enrol and POST /api/auth/totp/confirm.",
  );

/** An access token that ended: its client refreshes it, and nobody attacks. */
export const tokenExpired = () =>
  new Failure(
    "EB_TOKEN_EXPIRED",
    401,
    "The access token has ended.",
    "Exchange your refresh token at POST /api/auth/refresh, or log in again.",
  );

export const forbidden = (role: string) =>
  new Failure(
    "EB_FORBIDDEN",
    403,
    `The role ${role} may not do this.`,
    "Use a login whose role may, or ask an admin.",
  );
