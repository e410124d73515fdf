export { guardRoutes, loginOf, whoIs } from "./guard.ts";
export { acceptInvitationPath, createAdminInvitation, hasAnyAdmin } from "./invitation.ts";
export { authorizeOperator } from "./operators.ts";
export { customerFor, ownCustomer } from "./ownership.ts";
export { hashPassword } from "./passwords.ts";
export { emailTaken } from "./register.ts";
export { authRoutes } from "./routes.ts";
export {
  operatesPlatform,
  type Requester,
  recordSecurityEvents,
  requesterOf,
  type SecurityEvent,
} from "./security-events.ts";
export { jwtOptions } from "./tokens.ts";
