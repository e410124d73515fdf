export { guardRoutes, loginOf, whoIs } from "./guard.ts";
export { createAdminInvitation } from "./invitation.ts";
export { forgetEndedWindows } from "./login-budgets.ts";
export { authorizeOperator } from "./operators.ts";
export { customerFor, ownCustomer } from "./ownership.ts";
export { hashPassword } from "./passwords.ts";
export { emailTaken } from "./register.ts";
export { authRoutes } from "./routes.ts";
export { jwtOptions } from "./tokens.ts";
