import { z } from "zod";
import { port, switchedOn, text } from "./validators.ts";

const sender = text.regex(
  /^([^<>\r\n]+<[^<>@\s]+@[^<>@\s]+>|[^<>@\s]+@[^<>@\s]+)$/,
  "must be like alerts@example.com or EarlyBird <alerts@example.com>",
);
const percent = z.coerce.number("must be a number").min(1).max(100);
const milliseconds = z.coerce.number("must be a number").int("must be a whole number").min(1).max(3_600_000);
const times = z.coerce.number("must be a number").int("must be a whole number").min(1).max(1_000);

/** The settings about who is told, how, and from when on. */
export const alertSettings = {
  SLACK_WEBHOOK_URL: z
    .url({ protocol: /^https?$/, error: "must be the http(s) address of an incoming webhook" })
    .optional()
    .describe("Slack webhook that receives alerts"),
  SMTP_SERVER: text.optional().describe("mail server that sends alerts"),
  SMTP_PORT: port.default(587).describe("its port"),
  SMTP_SECURE: switchedOn
    .default(false)
    .describe("`true`: TLS from the start, usually port 465; `false`: STARTTLS"),
  SMTP_USER: text.optional().describe("login at the mail server; default: the sender"),
  ALERT_EMAIL_FROM: sender.optional().describe("sender of alert emails"),
  ALERT_EMAIL_PASSWORD: text.optional().describe("password at the mail server; default: no login"),
  ALERT_EMAIL_TO: text
    .transform((list) => list.split(",").map((each) => each.trim()))
    .pipe(z.array(z.email("must be addresses separated by commas")))
    .optional()
    .describe("recipients of alert emails, separated by commas"),
  ALERT_HEARTBEAT_URL: z
    .url({
      protocol: /^https?$/,
      error: "must be the http(s) address of a service that waits for signs of life",
    })
    .optional()
    .describe("URL called every minute, so that an external monitor detects a dead process"),
  ALERT_DATABASE_SLOW_MS: milliseconds
    .default(1_000)
    .describe("DATABASE_SLOW: a ping of the database takes longer"),
  ALERT_ERROR_RATE_PERCENT: percent
    .default(5)
    .describe("HIGH_ERROR_RATE: more of the requests of one minute fail"),
  ALERT_ERROR_RATE_FROM_STATUS: z
    .enum(["400", "500"], "must be 400 or 500")
    .transform((status) => (status === "400" ? 400 : 500))
    .default(400)
    .describe("HIGH_ERROR_RATE: from which HTTP status on a request has failed (with 401 and 404 never)"),
  ALERT_CPU_PERCENT: percent
    .default(80)
    .describe("HIGH_CPU: the process uses more of its limit for 2 minutes"),
  ALERT_MEMORY_PERCENT: percent
    .default(80)
    .describe("HIGH_MEMORY: the process occupies more of its limit for 2 minutes"),
  ALERT_API_TIMEOUT_MS: milliseconds
    .default(2_000)
    .describe("API_TIMEOUT: a route's p95 of one minute takes longer"),
  ALERT_FAILED_LOGINS: times
    .default(10)
    .describe("SECURITY_ALERT: so many logins fail in the window, from one address or for one account"),
  ALERT_REFUSALS: times
    .default(20)
    .describe(
      "SECURITY_ALERT: so many requests are refused (401, 403) in the window, to one address or account",
    ),
  ALERT_SECURITY_WINDOW_SECONDS: z.coerce
    .number("must be a number")
    .int("must be a whole number")
    .min(10)
    .max(86_400)
    .default(300)
    .describe("SECURITY_ALERT: how long the window is in which these are counted"),
};

/** Those of {@link alertSettings} whose value may also come from a file. */
export const alertSecrets = ["SLACK_WEBHOOK_URL", "ALERT_EMAIL_PASSWORD", "ALERT_HEARTBEAT_URL"] as const;

const implicitTlsPort = "465";

/** What single settings cannot show: which of those about email want each other. One sentence a fault. */
export const emailFaults = (given: Readonly<Record<string, string | undefined>>): string[] => {
  const faults: string[] = [];
  const need = (name: string, needed: string, instead: string) => {
    if (given[name] && !given[needed]) faults.push(`${name}: needs ${needed}: set it, or ${instead}`);
  };
  for (const name of ["ALERT_EMAIL_TO", "ALERT_EMAIL_FROM"]) need(name, "SMTP_SERVER", `remove ${name}`);
  for (const needed of ["ALERT_EMAIL_TO", "ALERT_EMAIL_FROM"])
    need("SMTP_SERVER", needed, "remove SMTP_SERVER");
  need("SMTP_USER", "ALERT_EMAIL_PASSWORD", "remove SMTP_USER where the server asks for no login");
  if (given.SMTP_SERVER && given.SMTP_PORT === implicitTlsPort && given.SMTP_SECURE !== "true") {
    faults.push(`SMTP_SECURE: must be true for port ${implicitTlsPort}: set it, or use port 587`);
  }
  return faults;
};
