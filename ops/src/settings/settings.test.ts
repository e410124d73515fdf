import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { releasePlanFrom } from "./release-settings.ts";
import { readSettings, redactedSettings, secretSettings } from "./settings.ts";

const folder = mkdtempSync(join(tmpdir(), "earlybird-settings-"));
afterAll(() => rmSync(folder, { recursive: true }));

const read = (environment: NodeJS.ProcessEnv) => readSettings(environment, join(folder, ".env"));
const faultsOf = (environment: NodeJS.ProcessEnv): string[] => {
  try {
    read(environment);
  } catch (error) {
    return (error as { extra: { faults: string[] } }).extra.faults;
  }
  return [];
};

const email = {
  SMTP_SERVER: "smtp.example.com",
  ALERT_EMAIL_FROM: "alerts@example.com",
  ALERT_EMAIL_TO: "asha@example.com, binod@example.com",
};

test("without any of them there is no email, and the thresholds are the documented ones", () => {
  const settings = read({});
  expect([settings.SMTP_SERVER, settings.ALERT_EMAIL_TO]).toEqual([undefined, undefined]);
  expect(settings).toMatchObject({ SMTP_PORT: 587, SMTP_SECURE: false, ALERT_ERROR_RATE_FROM_STATUS: 500 });
});

test("recipients are separated by commas, and numbers and switches are read as such", () => {
  const settings = read({
    ...email,
    SMTP_PORT: "465",
    SMTP_SECURE: "true",
    ALERT_ERROR_RATE_FROM_STATUS: "400",
  });
  expect(settings.ALERT_EMAIL_TO).toEqual(["asha@example.com", "binod@example.com"]);
  expect(settings).toMatchObject({ SMTP_PORT: 465, SMTP_SECURE: true, ALERT_ERROR_RATE_FROM_STATUS: 400 });
});

test.each(["loopback", "10.0.0.1", "10.0.0.0/8, loopback", "2001:db8::/32"])("proxies are %s", (proxies) => {
  expect(read({ TRUST_PROXY: proxies }).TRUST_PROXY).toBe(proxies);
});

test.each([
  ["too short", "c0rrect horse battery", "must have at least 32 characters"],
  ["one character", "x".repeat(64), "is too weak"],
  ["a few characters", "abcabcabcabcabcabcabcabcabcabcabcabc", "is too weak"],
  ["a placeholder", "change-me-0123456789-in-production", "is too weak"],
])("weak secrets: %s is refused for JWT_SECRET, and not repeated", (_, secret, fault) => {
  const faults = faultsOf({ JWT_SECRET: secret });
  expect(faults).toEqual([expect.stringContaining(`JWT_SECRET: ${fault}`)]);
  expect(faults.join()).not.toContain(secret);
});

test("the password comes from a file, too, but not from both", () => {
  const file = join(folder, "password");
  writeFileSync(file, "app password\n");
  expect(read({ ...email, ALERT_EMAIL_PASSWORD_FILE: file }).ALERT_EMAIL_PASSWORD).toBe("app password");
  expect(faultsOf({ ...email, ALERT_EMAIL_PASSWORD_FILE: file, ALERT_EMAIL_PASSWORD: "x" })).toEqual([
    "ALERT_EMAIL_PASSWORD and ALERT_EMAIL_PASSWORD_FILE are both set: keep one",
  ]);
});

test.each<[string, NodeJS.ProcessEnv, string[]]>([
  [
    "recipients without a server",
    { ALERT_EMAIL_TO: "asha@example.com" },
    ["ALERT_EMAIL_TO: needs SMTP_SERVER: set it, or remove ALERT_EMAIL_TO"],
  ],
  [
    "a server without recipients and sender",
    { SMTP_SERVER: "smtp.example.com" },
    [
      "SMTP_SERVER: needs ALERT_EMAIL_TO: set it, or remove SMTP_SERVER",
      "SMTP_SERVER: needs ALERT_EMAIL_FROM: set it, or remove SMTP_SERVER",
    ],
  ],
  [
    "a login without its password",
    { ...email, SMTP_USER: "apikey" },
    ["SMTP_USER: needs ALERT_EMAIL_PASSWORD: set it, or remove SMTP_USER if the server requires no login"],
  ],
  [
    "STARTTLS on the port of TLS",
    { ...email, SMTP_PORT: "465" },
    ["SMTP_SECURE: must be true for port 465: set it, or use port 587"],
  ],
  [
    "an invalid recipient",
    { ...email, ALERT_EMAIL_TO: "asha@example.com,binod" },
    ["ALERT_EMAIL_TO.1: must be addresses separated by commas"],
  ],
  ["a switch that is neither", { ...email, SMTP_SECURE: "yes" }, ["SMTP_SECURE: must be true or false"]],
  [
    "an invalid proxy",
    { TRUST_PROXY: "loopback,10.0.0.0/33" },
    ["TRUST_PROXY: must be addresses, networks like 10.0.0.0/8 or loopback, separated by commas"],
  ],
  [
    "a direct address alone",
    { DATABASE_DIRECT_URL: "postgres://milk:s3cret@db:5432/milk" },
    ["DATABASE_DIRECT_URL: needs DATABASE_URL: set it, or remove DATABASE_DIRECT_URL"],
  ],
  [
    "an archive of a server that is not embedded, a restore without a backup, an unclear age",
    {
      DATABASE_URL: "postgres://milk:s3cret@db:5432/milk",
      BACKUP_ARCHIVE: "on",
      RESTORE_COMMAND: "true",
      BACKUP_KEEP: "7 days",
      BACKUP_KEY: "short",
    },
    [
      "BACKUP_KEY: must have at least 32 characters",
      expect.stringMatching(/^BACKUP_KEY: is too weak/),
      expect.stringMatching(/^BACKUP_KEEP: must be a number of backups, such as 7, or an age/),
      "RESTORE_COMMAND: needs BACKUP_COMMAND: set it, or remove RESTORE_COMMAND",
      expect.stringMatching(/^BACKUP_ARCHIVE: works with the embedded server only/),
    ],
  ],
  [
    "times of a release that cannot be",
    {
      RELEASE_PHASE_MINUTES: "5,15",
      RELEASE_DEADLINE_MINUTES: "60,10,240",
      RELEASE_VALIDATION_MINUTES: "15,120,120,1440,4320",
    },
    [
      "RELEASE_PHASE_MINUTES: must be 3 numbers of minutes above 0, separated by commas",
      "RELEASE_VALIDATION_MINUTES: must ascend: each number counts from the switch",
      "RELEASE_DEADLINE_MINUTES: each must be greater than the number in RELEASE_PHASE_MINUTES",
    ],
  ],
  [
    "phases that last longer than the deadlines that are not set",
    { RELEASE_PHASE_MINUTES: "5,15,300" },
    ["RELEASE_DEADLINE_MINUTES: each must be greater than the number in RELEASE_PHASE_MINUTES"],
  ],
  [
    "HAProxy without its socket, and a command that is not used",
    { TRAFFIC_SWITCH: "haproxy", HAPROXY_SERVERS: "blue=milk/a,green=milk/a", TRAFFIC_COMMAND: "kamal" },
    [
      "HAPROXY_SERVERS: must name two different servers",
      "HAPROXY_SOCKET: must be set for TRAFFIC_SWITCH=haproxy",
      "TRAFFIC_COMMAND: needs TRAFFIC_SWITCH=command: set it, or remove TRAFFIC_COMMAND",
    ],
  ],
  [
    "servers that are none",
    { TRAFFIC_SWITCH: "haproxy", HAPROXY_SOCKET: "/run/haproxy.sock", HAPROXY_SERVERS: "milk/a,milk/b" },
    ["HAPROXY_SERVERS: must look like blue=backend/server,green=backend/server"],
  ],
  [
    "statuses between the two",
    { ALERT_ERROR_RATE_FROM_STATUS: "404" },
    ["ALERT_ERROR_RATE_FROM_STATUS: must be 400 or 500"],
  ],
  [
    "a slow ping that is given up before",
    { ALERT_DATABASE_SLOW_MS: "2001" },
    ["ALERT_DATABASE_SLOW_MS: must be at most 2000: a longer ping counts as DATABASE_DOWN"],
  ],
  [
    "channels that lack a setting",
    { ALERT_WEBHOOK_SECRET: `whsec_${"a".repeat(32)}`, TELEGRAM_CHAT_ID: "42" },
    [
      "ALERT_WEBHOOK_SECRET: needs ALERT_WEBHOOK_URL: set it, or remove ALERT_WEBHOOK_SECRET",
      "TELEGRAM_CHAT_ID: needs TELEGRAM_BOT_TOKEN: set it, or remove TELEGRAM_CHAT_ID",
    ],
  ],
])("refuses %s", (_, environment, faults) => {
  expect(faultsOf(environment)).toEqual(faults);
});

test("the times of a release are minutes, also parts of them, and read as milliseconds", () => {
  expect(releasePlanFrom(read({}))).toEqual({
    phaseMs: [300_000, 900_000, 1_800_000],
    deadlineMs: [3_600_000, 7_200_000, 14_400_000],
    margins: [0.02, 0.01, 0.005],
    validationMs: [900_000, 7_200_000, 21_600_000, 86_400_000, 259_200_000],
    traffic: { kind: "front" },
  });
  const short = read({ RELEASE_PHASE_MINUTES: "0.1, 0.2, 0.5" });
  expect(releasePlanFrom(short).phaseMs).toEqual([6_000, 12_000, 30_000]);
});

test("the switch of the traffic is read with what it needs", () => {
  const haproxy = { HAPROXY_SOCKET: "/run/haproxy.sock", HAPROXY_SERVERS: "blue=milk/a, green=milk/b" };
  expect(releasePlanFrom(read({ TRAFFIC_SWITCH: "haproxy", ...haproxy })).traffic).toEqual({
    kind: "haproxy",
    socketPath: "/run/haproxy.sock",
    servers: { blue: "milk/a", green: "milk/b" },
  });
  const command = { TRAFFIC_SWITCH: "command", TRAFFIC_COMMAND: "move-traffic --all" };
  expect(releasePlanFrom(read(command)).traffic).toEqual({ kind: "command", command: "move-traffic --all" });
});

test("faults of single settings and of settings together are reported together", () => {
  const faults = faultsOf({ SMTP_PORT: "x", ALERT_CPU_PERCENT: "120", ALERT_EMAIL_TO: "asha@example.com" });
  expect(faults.map((fault) => fault.split(":", 1)[0])).toEqual([
    "SMTP_PORT",
    "ALERT_CPU_PERCENT",
    "ALERT_EMAIL_TO",
  ]);
});

test("what an instance runs with is shown without the value of a secret", () => {
  const secret = "https://hidden.example.com/0123456789abcdef0123456789abcdef";
  const key = "0123456789abcdef0123456789abcdef";
  const forms: Partial<Record<string, string>> = {
    DATABASE_URL: secret.replace("https", "postgres"),
    DATABASE_DIRECT_URL: secret.replace("https", "postgres"),
    ALERT_WEBHOOK_SECRET: `whsec_${key}`,
    PAGERDUTY_ROUTING_KEY: key,
    TELEGRAM_BOT_TOKEN: `1:${key}`,
  };
  const given = Object.fromEntries(secretSettings.map((name) => [name, forms[name] ?? secret]));
  const shown = redactedSettings(read({ ...email, ...given, TELEGRAM_CHAT_ID: "42", PORT: "1234" }));
  expect(JSON.stringify(shown)).not.toMatch(/hidden|0123456789/);
  expect(shown).toMatchObject({
    ...Object.fromEntries(secretSettings.map((name) => [name, "set"])),
    PORT: 1234,
    ALERT_EMAIL_TO: ["asha@example.com", "binod@example.com"],
    TRUST_PROXY: "unset",
  });
  expect(redactedSettings(read({}))).toMatchObject({ JWT_SECRET: "unset", PORT: 1001 });
});
