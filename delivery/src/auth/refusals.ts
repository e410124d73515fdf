import { defineFailure } from "earlybird";

export const unauthenticated = defineFailure({
  code: "EB_UNAUTHENTICATED",
  status: 401,
  detail: "This needs a valid login.",
  remedy: "Send authorization: Bearer with a token from POST /api/auth/login.",
});

export const wrongLogin = defineFailure({
  code: "EB_WRONG_LOGIN",
  status: 401,
  detail: "Email and password do not belong to an active login.",
  remedy: "Check both, or ask an admin whether the login is active.",
});

export const enrolmentNeeded = defineFailure({
  code: "EB_TOTP_ENROLMENT_NEEDED",
  status: 403,
  detail: "An admin needs a second factor here, and this login has none.",
  remedy: "Set it up with POST /api/auth/totp/enrol and POST /api/auth/totp/confirm.",
});

/** An access token that ended: its client refreshes it, and nobody attacks. */
export const tokenExpired = defineFailure({
  code: "EB_TOKEN_EXPIRED",
  status: 401,
  detail: "The access token has ended.",
  remedy: "Exchange your refresh token at POST /api/auth/refresh, or log in again.",
});

export const forbidden = defineFailure({
  code: "EB_FORBIDDEN",
  status: 403,
  detail: "The role {role} may not do this.",
  remedy: "Use a login whose role may, or ask an admin.",
});
