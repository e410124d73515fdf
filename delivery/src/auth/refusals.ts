import { defineFailure } from "@earlybird-ops/platform";

export const unauthenticated = defineFailure({
  code: "EB_UNAUTHENTICATED",
  status: 401,
  detail: "The request requires a valid login.",
  remedy: "Send authorization: Bearer with a token from POST /api/auth/login.",
});

export const wrongLogin = defineFailure({
  code: "EB_WRONG_LOGIN",
  status: 401,
  detail: "The email or password is wrong, or the login is not active.",
  remedy: "Check both, or ask an admin whether the login is active.",
});

export const enrolmentNeeded = defineFailure({
  code: "EB_TOTP_ENROLMENT_NEEDED",
  status: 403,
  detail: "Admins must use a second factor, and this login has none.",
  remedy: "Set it up with POST /api/auth/totp/enrol and POST /api/auth/totp/confirm.",
});

/** An access token that ended: its client refreshes it, and nobody attacks. */
export const tokenExpired = defineFailure({
  code: "EB_TOKEN_EXPIRED",
  status: 401,
  detail: "The access token has expired.",
  remedy: "Exchange your refresh token at POST /api/auth/refresh, or log in again.",
});

export const forbidden = defineFailure({
  code: "EB_FORBIDDEN",
  status: 403,
  detail: "The role {role} does not have permission.",
  remedy: "Use a login with another role, or ask an admin.",
});
