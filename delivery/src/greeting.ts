import { demoLogins, demoPassword } from "./seed/index.ts";

interface Occasion {
  url: string;
  /** Whether the demo's logins exist. */
  demo: boolean;
  /** Makes the first admin, where there is none. */
  invitation: string | undefined;
}

/** Said once the server listens: where it is, and what to try first. */
export const greet = ({ url, demo, invitation }: Occasion): string => {
  const place = url.replace(/127\.0\.0\.1|\[::1\]/, "localhost");
  return [
    "",
    `EarlyBird listens on ${place}`,
    "",
    ...(invitation ? invited(place, invitation) : []),
    ...(demo ? toTry(place) : []),
    "Ctrl-C stops it.",
  ].join("\n");
};

const invited = (place: string, invitation: string): string[] => [
  "There is no admin yet. Within a day, and once, this invitation makes the first one:",
  `  POST ${place}/api/auth/accept-invitation {"token": "${invitation}", "email", "name", "password"}`,
  "",
];

const toTry = (place: string): string[] => [
  `  ${place}/api/docs                 the API, to read and to try`,
  `  ${place}/api/health               how it is`,
  "  npx earlybird status                           the twelve changes",
  "  npx earlybird rollback 23..22 --dry-run        what undoing two of them would do",
  "",
  `Demo logins, all with the password ${demoPassword}:`,
  ...demoLogins.map(({ email, role }) => `  ${email.padEnd(30)}${role}`),
  "",
];
