import { bearerTokenCheck } from "../core/bearer-token.ts";
import { defineFailure } from "../core/failure.ts";
import type { Authorize } from "./authorization.ts";

const noOperatorToken = defineFailure({
  code: "EB_OPERATOR_TOKEN",
  status: 401,
  detail: "The request has no valid operator token.",
  remedy: "Send `authorization: Bearer` with the value of OPERATOR_TOKEN.",
});

const noOperators = defineFailure({
  code: "EB_NO_OPERATORS",
  status: 401,
  detail: "This service has no operators: it has neither an operator token nor an authorize function.",
  remedy: "Set OPERATOR_TOKEN and restart the service, or pass authorize to the platform.",
});

/** For services without users: who has the token is the operator and has all rights. */
export const authorizeByToken = (token: string | undefined): Authorize => {
  const hasToken = bearerTokenCheck(token);
  return async ({ headers }) => {
    if (token === undefined) throw noOperators();
    if (!hasToken(headers.authorization)) throw noOperatorToken();
    return { id: "operator", name: "Operator" };
  };
};
