import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { notificationOf } from "../../../../test/support/notifications.ts";
import {
  peerPassword,
  type SmtpManners,
  type SmtpPeer,
  startMutePeer,
  startSmtpPeer,
} from "../../../../test/support/smtp-peer.ts";
import { type EmailSettings, emailChannel, transportOptions } from "./email.ts";
import { emailMessage } from "./email-format.ts";

const context = { service: "shop-prod", timeZone: "Asia/Kolkata" };
const never = new AbortController().signal;
const timeouts = { connectMs: 2_000, silenceMs: 2_000 };

const settingsFor = (port: number, difference: Partial<EmailSettings> = {}): EmailSettings => ({
  server: "127.0.0.1",
  port,
  secure: false,
  password: peerPassword,
  from: "EarlyBird <alerts@dawn.example>",
  to: ["asha@dawn.example", "ravi@dawn.example"],
  ...difference,
});

describe("a mail server", () => {
  let peer: SmtpPeer;
  beforeEach(async () => {
    peer = await startSmtpPeer();
  });
  afterEach(() => peer.close());

  const channel = (difference: Partial<EmailSettings> = {}, patience = timeouts) =>
    emailChannel({ ...settingsFor(peer.port, difference), context }, patience);

  test("gets a mail for all recipients, over TLS, from somebody who has logged in as the sender", async () => {
    const result = await channel().send(notificationOf("a"), never);
    expect(result).toEqual({ result: "accepted", answer: expect.stringMatching(/^250 /) });
    expect(peer.mails).toMatchObject([
      {
        user: "alerts@dawn.example",
        secure: true,
        from: "alerts@dawn.example",
        to: ["asha@dawn.example", "ravi@dawn.example"],
        headers: {
          from: "EarlyBird <alerts@dawn.example>",
          subject: "[shop-prod] CRITICAL: The database does not answer. (since 5 Jan 09:30 IST)",
          "auto-submitted": "auto-generated",
        },
      },
    ]);
  });

  test("gets all mails about one alert as one thread", async () => {
    const email = channel();
    const alert = { id: "7d1" };
    await email.send(notificationOf("n1", { alert }), never);
    await email.send(notificationOf("n2", { occasion: "reminder", alert }), never);
    await email.send(notificationOf("n3", { occasion: "resolved", alert }), never);
    expect(peer.mails.map(({ headers }) => [headers["message-id"], headers.references])).toEqual([
      ["<7d1@dawn.example>", undefined],
      ["<n2@dawn.example>", "<7d1@dawn.example>"],
      ["<n3@dawn.example>", "<7d1@dawn.example>"],
    ]);
    expect(peer.mails[2]?.headers["in-reply-to"]).toBe("<7d1@dawn.example>");
  });

  test("gets the mail of a group in the threads of all its alerts", async () => {
    const email = channel();
    const others = ["b", "c"].map((id) => notificationOf(id, { alert: { id } }));
    await email.send({ ...notificationOf("a", { alert: { id: "a" } }), others }, never);
    await email.send(notificationOf("n2", { occasion: "resolved", alert: { id: "c" } }), never);
    const [group, end] = peer.mails.map(({ headers }) => headers);
    expect(group?.subject).toBe(
      "[shop-prod] CRITICAL: The database does not answer. And 2 more. (since 5 Jan 09:30 IST)",
    );
    expect(group?.references).toBe("<a@dawn.example> <b@dawn.example> <c@dawn.example>");
    expect(end?.references).toBe("<c@dawn.example>");
  });

  test("gets the end in the threads of all instances that sent the start", async () => {
    const threads = ["x", "7d1"];
    await channel().send(
      notificationOf("n3", { occasion: "resolved", alert: { id: "7d1" }, threads }),
      never,
    );
    expect(peer.mails[0]?.headers.references).toBe("<x@dawn.example> <7d1@dawn.example>");
  });

  test("gets no header and no element that an alert's words bring along", async () => {
    const message = "down\r\nBcc: eve@example.com\r\n\r\n<script>alert(1)</script>";
    const details = { "<b>": "<img src=x onerror='x'>" };
    await channel().send(notificationOf("a", { alert: { message, details, key: "x\r\nCc: y@z" } }), never);
    const [mail] = peer.mails;
    expect(Object.keys(mail?.headers ?? {})).not.toContain("bcc");
    expect(Object.keys(mail?.headers ?? {})).not.toContain("cc");
    expect(mail?.to).toHaveLength(2);
    const { html } = emailMessage(notificationOf("a", { alert: { message, details } }), {
      ...settingsFor(1),
      context,
    });
    expect(html).toContain("&lt;script&gt;");
    expect(html).toContain("&lt;img src=x onerror=&#39;x&#39;&gt;");
    expect(html.match(/<(?!\/?(div|p|strong|table|tr|td|a)\b)/)).toBeNull();
  });

  test("gets it in plain text and in HTML", async () => {
    await channel().send(notificationOf("a", { symptoms: 2 }), never);
    const raw = peer.mails[0]?.raw.replaceAll("=\r\n", "") ?? "";
    expect(raw).toMatch(/multipart\/alternative/);
    const [, plain = "", html = ""] = raw.split(/\r\nContent-Type: text\//);
    expect(plain).toMatch(/^plain/);
    for (const part of [plain, html]) {
      expect(part).toContain("The database does not answer. (2 symptoms suppressed)");
      expect(part).toContain("connect ECONNREFUSED 127.0.0.1:5432");
    }
  });

  test("gets another login where there is one, and none where there is no password", async () => {
    await channel({ user: "apikey" }).send(notificationOf("a"), never);
    expect(peer.mails[0]?.user).toBe("apikey");
    const open = await startSmtpPeer({ login: "none" });
    const { password: _, ...settings } = settingsFor(open.port);
    expect(await emailChannel(settings).send(notificationOf("b"), never)).toMatchObject({
      result: "accepted",
    });
    await open.close();
  });

  test.each<[Partial<SmtpManners>, number, string]>([
    [{ message: 451 }, 451, "try_again"],
    [{ message: 421 }, 421, "try_again"],
    [{ message: 554 }, 554, "refused"],
    [{ recipient: () => 450 }, 450, "try_again"],
    [{ recipient: () => 550 }, 550, "refused"],
    [{ login: 454 }, 454, "try_again"],
  ])("that answers with %o, %i, makes it %s, in the server's own words", async (manners, code, result) => {
    peer.behave(manners);
    expect(await channel().send(notificationOf("a"), never)).toEqual({
      result,
      reason: expect.stringMatching(`^the mail server answered (DATA|RCPT TO|AUTH PLAIN) with ${code} `),
    });
    expect(peer.mails).toEqual([]);
  });

  test("that drops the connection in the middle is tried again", async () => {
    peer.behave({ message: "drop" });
    expect(await channel().send(notificationOf("a"), never)).toMatchObject({ result: "try_again" });
    expect(peer.tries).toBe(1);
  });

  test("that hangs in the middle is given up after the timeout, and at once when we stop", async () => {
    peer.behave({ message: "hang" });
    const impatient = channel({}, { ...timeouts, silenceMs: 100 });
    expect(await impatient.send(notificationOf("a"), never)).toEqual({
      result: "try_again",
      reason: "ETIMEDOUT",
    });
    const stopping = new AbortController();
    const sent = channel().send(notificationOf("a"), stopping.signal);
    setTimeout(() => stopping.abort(), 50);
    expect(await sent).toEqual({ result: "try_again", reason: "EABORT" });
  });

  test("that refuses one recipient gives it to the others, and says whom it refused", async () => {
    peer.behave({ recipient: (address) => (address.startsWith("asha") ? 550 : "yes") });
    const result = await channel().send(notificationOf("a"), never);
    expect(result).toEqual({
      result: "accepted",
      answer: expect.stringMatching(/^250 .*; refused asha@dawn\.example: 550 /),
      unreached: expect.stringMatching(/^refused asha@dawn\.example: 550 /),
    });
    expect(peer.mails[0]?.to).toEqual(["ravi@dawn.example"]);
  });

  test("that puts one recipient off gets it once more, for that one alone", async () => {
    const email = channel();
    peer.behave({ recipient: (address) => (address.startsWith("asha") ? 451 : "yes") });
    expect(await email.send(notificationOf("a"), never)).toEqual({
      result: "try_again",
      reason: "put off for asha@dawn.example",
    });
    peer.behave({});
    expect(await email.send(notificationOf("a"), never)).toMatchObject({ result: "accepted" });
    expect(await email.send(notificationOf("b"), never)).toMatchObject({ result: "accepted" });
    expect(peer.mails.map(({ to }) => to.map((address) => address.slice(0, 4)))).toEqual([
      ["ravi"],
      ["asha"],
      ["asha", "ravi"],
    ]);
  });

  test("that refuses one and puts another off is not forgotten to have refused, whatever comes next", async () => {
    const email = channel({ to: ["asha@dawn.example", "ravi@dawn.example", "mira@dawn.example"] });
    const unreached = expect.stringMatching(/^refused asha@dawn\.example: 550 /);
    const verdicts = [["asha", 550] as const, ["ravi", 451] as const];
    const recipient = (address: string) => verdicts.find(([name]) => address.startsWith(name))?.[1] ?? "yes";
    peer.behave({ recipient });
    expect(await email.send(notificationOf("a"), never)).toEqual({
      result: "try_again",
      reason: expect.stringMatching(/^put off for ravi@dawn\.example; refused asha@dawn\.example: 550 /),
      unreached,
    });
    peer.behave({ message: 451 });
    expect(await email.send(notificationOf("a"), never)).toMatchObject({ result: "try_again", unreached });
    peer.behave({});
    expect(await email.send(notificationOf("a"), never)).toMatchObject({ result: "accepted", unreached });
    expect(peer.mails.map(({ to }) => to)).toEqual([["mira@dawn.example"], ["ravi@dawn.example"]]);
  });

  test("that refuses one and puts off all others says so, too", async () => {
    peer.behave({ recipient: (address) => (address.startsWith("asha") ? 550 : 451) });
    expect(await channel().send(notificationOf("a"), never)).toMatchObject({
      result: "try_again",
      unreached: expect.stringContaining("asha@dawn.example: 550"),
    });
  });

  test("that puts one off and refuses it later keeps the others from nothing", async () => {
    const email = channel();
    for (const code of [451, 550]) {
      peer.behave({ recipient: (address) => (address.startsWith("asha") ? code : "yes") });
      const result = await email.send(notificationOf("a"), never);
      expect(result.result).toBe(code === 451 ? "try_again" : "accepted");
      if (code === 550) expect(result).toMatchObject({ unreached: expect.stringContaining("asha@") });
    }
    expect(peer.mails.map(({ to }) => to)).toEqual([["ravi@dawn.example"]]);
  });

  test("that refuses the password is believed the third time in a row", async () => {
    const email = channel({ password: "wrong" });
    const results = [];
    for (const id of ["a", "b", "c"]) results.push((await email.send(notificationOf(id), never)).result);
    expect(results).toEqual(["try_again", "try_again", "refused"]);
  });

  test("that repeats the password gives it away to nobody", async () => {
    const login = Buffer.from(`\0apikey\0${peerPassword}`).toString("base64");
    const secrets = [peerPassword, Buffer.from(peerPassword).toString("base64"), login];
    // Other letters beside it shift where each group of four begins.
    const shifted = ["x", "xx", "xxx"].map((letters) => `${letters}${login}`);
    const words = [...secrets, ...shifted].join(" ");
    peer.behave({ message: 554, words });
    const result = await channel({ user: "apikey" }).send(notificationOf("a"), never);
    peer.behave({ words });
    const accepted = await channel({ user: "apikey" }).send(notificationOf("b"), never);
    const answers = JSON.stringify([result, accepted]);
    expect(answers).toContain("…");
    for (const secret of secrets) expect(answers).not.toContain(secret);
  });
});

test("TLS from the start is used where it is asked for", async () => {
  const peer = await startSmtpPeer({ tls: "from the start" });
  const result = await emailChannel(settingsFor(peer.port, { secure: true })).send(
    notificationOf("a"),
    never,
  );
  expect(result).toMatchObject({ result: "accepted" });
  expect(peer.mails[0]?.secure).toBe(true);
  await peer.close();
});

describe("a server elsewhere", () => {
  // An address of this machine that does not say so.
  const server = "0.0.0.0";

  test("without STARTTLS gets neither password nor mail", async () => {
    const peer = await startSmtpPeer({ tls: "none" });
    const result = await emailChannel(settingsFor(peer.port, { server })).send(notificationOf("a"), never);
    expect(result).toMatchObject({
      result: "refused",
      reason: expect.stringMatching(/^the mail server answered STARTTLS with 5/),
    });
    expect([peer.logins, peer.tries]).toEqual([0, 0]);
    await peer.close();
  });

  test("whose certificate nobody vouches for gets neither, with either kind of TLS", async () => {
    for (const tls of ["starttls", "from the start"] as const) {
      const peer = await startSmtpPeer({ tls });
      const settings = settingsFor(peer.port, { server, secure: tls === "from the start" });
      expect(await emailChannel(settings).send(notificationOf("a"), never)).toMatchObject({
        result: "try_again",
      });
      expect([peer.logins, peer.tries]).toEqual([0, 0]);
      await peer.close();
    }
  });

  test.each([
    ["smtp.example.com", true],
    ["localhost.example.com", true],
    ["10.0.0.1", true],
    ["localhost", false],
    ["127.0.0.1", false],
    ["::1", false],
  ])("%s must encrypt: %s", (name, must) => {
    const { requireTLS, tls } = transportOptions(settingsFor(587, { server: name }), timeouts);
    expect([requireTLS, tls.rejectUnauthorized]).toEqual([must, must]);
  });
});

test("a server that is not there, or says nothing, is tried again", async () => {
  const mute = await startMutePeer();
  const quick = { connectMs: 100, silenceMs: 100 };
  const silent = await emailChannel(settingsFor(mute.port), quick).send(notificationOf("a"), never);
  mute.close();
  const absent = await emailChannel(settingsFor(mute.port), quick).send(notificationOf("a"), never);
  expect([silent, absent]).toEqual([
    { result: "try_again", reason: "ETIMEDOUT" },
    { result: "try_again", reason: "ECONNREFUSED" },
  ]);
});
