import { demoLogins, demoPassword } from "./seed/index.ts";

interface Occasion {
  url: string;
  /** Whether the demo logins exist. */
  demo: boolean;
  /** Token that creates the first admin; undefined if there is one. */
  invitation: string | undefined;
}

/** Printed once the server listens: its address and first steps. */
export const greet = ({ url, demo, invitation }: Occasion): string => {
  const origin = url.replace(/127\.0\.0\.1|\[::1\]/, "localhost");
  return [
    "",
    `EarlyBird listens on ${origin}`,
    "",
    ...(invitation ? invited(origin, invitation) : []),
    ...(demo ? toTry(origin) : []),
    "Ctrl-C stops it.",
  ].join("\n");
};

const invited = (origin: string, invitation: string): string[] => [
  "There is no admin yet. This invitation creates the first one; it is valid once, for a day:",
  `  POST ${origin}/api/auth/accept-invitation {"token": "${invitation}", "email", "name", "password"}`,
  "",
];

const toTry = (origin: string): string[] => [
  ...[
    [`${origin}/console`, "the console"],
    [`${origin}/api/docs`, "the API documentation"],
    ["npx earlybird status", "the twelve steps"],
    ["npx earlybird rollback 23..22 --dry-run", "the effects of rolling back two of them"],
  ].map(([command = "", shows = ""]) => `  ${command.padEnd(46)} ${shows}`),
  "",
  `Demo logins, all with the password ${demoPassword}:`,
  ...demoLogins.map(({ email, role }) => `  ${email.padEnd(30)}${role}`),
  "",
];
