import { z } from "zod";
import { alertRoutes } from "./alert-routes.ts";
import { port, switchedOn, text } from "./validators.ts";

const sender = text.regex(
  /^([^<>\r\n]+<[^<>@\s]+@[^<>@\s]+>|[^<>@\s]+@[^<>@\s]+)$/,
  "must be like alerts@example.com or EarlyBird <alerts@example.com>",
);
const percent = z.coerce.number("must be a number").min(1).max(100);
const milliseconds = z.coerce.number("must be a number").int("must be a whole number").min(1).max(3_600_000);
const times = z.coerce.number("must be a number").int("must be a whole number").min(1).max(1_000);

/** A ping that takes longer is given up. */
const pingLimitMs = 2_000;

/** The settings for channels and thresholds of alerts. */
export const alertSettings = {
  SLACK_WEBHOOK_URL: z
    .url({ protocol: /^https?$/, error: "must be the http(s) address of an incoming webhook" })
    .optional()
    .describe("Slack webhook that receives alerts"),
  SMTP_SERVER: text.optional().describe("mail server that sends alerts"),
  SMTP_PORT: port.default(587).describe("port of the mail server"),
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
  ALERT_ROUTES: alertRoutes
    .optional()
    .describe(
      "channels by type and severity, such as `critical: pagerduty, slack; HIGH_CPU warning: none`; default: all",
    ),
  ALERT_GROUP_SECONDS: z.coerce
    .number("must be a number")
    .min(0)
    .max(300)
    .default(10)
    .describe(
      "time in which further alerts of a type are collected into one message; 0: one message for each",
    ),
  ALERT_HEARTBEAT_URL: z
    .url({
      protocol: /^https?$/,
      error: "must be the http(s) address of a service that waits for signs of life",
    })
    .optional()
    .describe("URL called every minute, so that an external monitor detects a dead process"),
  ALERT_DATABASE_SLOW_MS: milliseconds
    .max(pingLimitMs, `must be at most ${pingLimitMs}: a longer ping counts as DATABASE_DOWN`)
    .default(1_000)
    .describe("DATABASE_SLOW: maximum duration of a database ping"),
  ALERT_ERROR_RATE_PERCENT: percent
    .default(5)
    .describe("HIGH_ERROR_RATE: maximum percentage of failed requests in one minute"),
  ALERT_ERROR_RATE_FROM_STATUS: z
    .enum(["400", "500"], "must be 400 or 500")
    .transform((status) => (status === "400" ? 400 : 500))
    .default(500)
    .describe(
      "HIGH_ERROR_RATE: lowest HTTP status that counts as failed; 400 counts requests of clients, except 401, 404",
    ),
  ALERT_CPU_PERCENT: percent
    .default(80)
    .describe("HIGH_CPU: maximum CPU use of the process for 2 minutes, as a percentage of its limit"),
  ALERT_EVENT_LOOP_PERCENT: percent
    .default(95)
    .describe("HIGH_CPU: maximum share of the time in which the event loop is busy, for 2 minutes"),
  ALERT_MEMORY_PERCENT: percent
    .default(80)
    .describe("HIGH_MEMORY: maximum memory of the process for 2 minutes, as a percentage of its limit"),
  ALERT_API_TIMEOUT_MS: milliseconds
    .default(2_000)
    .describe("API_TIMEOUT: maximum p95 of a route in one minute"),
  ALERT_FAILED_LOGINS: times
    .default(10)
    .describe("SECURITY_ALERT: failed logins in the window, from one address or for one account"),
  ALERT_REFUSALS: times
    .default(20)
    .describe("SECURITY_ALERT: refused requests (401, 403) in the window, of one address or account"),
  ALERT_SECURITY_WINDOW_SECONDS: z.coerce
    .number("must be a number")
    .int("must be a whole number")
    .min(10)
    .max(86_400)
    .default(300)
    .describe("SECURITY_ALERT: length of the window that counts them"),
};

/** Those of {@link alertSettings} whose value may also come from a file. */
export const alertSecrets = ["SLACK_WEBHOOK_URL", "ALERT_EMAIL_PASSWORD", "ALERT_HEARTBEAT_URL"] as const;

const implicitTlsPort = "465";

/** Checks settings of email that depend on each other. One sentence for each error. */
export const emailFaults = (given: Readonly<Record<string, string | undefined>>): string[] => {
  const faults: string[] = [];
  const need = (name: string, needed: string, instead: string) => {
    if (given[name] && !given[needed]) faults.push(`${name}: needs ${needed}: set it, or ${instead}`);
  };
  for (const name of ["ALERT_EMAIL_TO", "ALERT_EMAIL_FROM"]) need(name, "SMTP_SERVER", `remove ${name}`);
  for (const needed of ["ALERT_EMAIL_TO", "ALERT_EMAIL_FROM"])
    need("SMTP_SERVER", needed, "remove SMTP_SERVER");
  need("SMTP_USER", "ALERT_EMAIL_PASSWORD", "remove SMTP_USER if the server requires no login");
  if (given.SMTP_SERVER && given.SMTP_PORT === implicitTlsPort && given.SMTP_SECURE !== "true") {
    faults.push(`SMTP_SECURE: must be true for port ${implicitTlsPort}: set it, or use port 587`);
  }
  return faults;
};
