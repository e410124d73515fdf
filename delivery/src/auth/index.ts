export { guardRoutes, loginOf, whoIs } from "./guard.ts";
export { acceptInvitationPath, createAdminInvitation, hasAnyAdmin } from "./invitation.ts";
export { journeyToken, signToken } from "./journey-token.ts";
export { forgetEndedWindows } from "./login-budgets.ts";
export { authorizeOperator, demandRecentLogin, isPrivilegedAccount } from "./operators.ts";
export { customerFor, isCustomer, ownCustomer } from "./ownership.ts";
export { hashPassword } from "./passwords.ts";
export { emailTaken } from "./register.ts";
export {
  operatesPlatform,
  type Requester,
  recordSecurityEvents,
  requesterOf,
  type SecurityEvent,
} from "./rights/security-events.ts";
export { authRoutes } from "./routes.ts";
export { endSessions } from "./sessions/session.ts";
export { jwtOptions } from "./tokens.ts";
export { hashNewPassword } from "./weak-passwords.ts";
