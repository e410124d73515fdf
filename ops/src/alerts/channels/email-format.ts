import type { MessageContext } from "../message/context.ts";
import { describe } from "../message/message.ts";
import type { Notification } from "../model/notification.ts";
import { mailHtml, mailText } from "./email-body.ts";

/** Some mail clients cut longer subjects. */
const longestSubject = 200;

/** A header of references that is longer may be cut. */
const mostReferences = 50;

/** The address in `EarlyBird <alerts@example.com>`, or in `alerts@example.com`. */
export const addressOf = (sender: string): string => /<([^<>]+)>\s*$/.exec(sender)?.[1] ?? sender.trim();

/**
 * A mail about a notification, in plain text and HTML. All mails about one alert are one thread: the first is known by
 * the thread, every later one by its notification, and refers to the first. The mail of a group refers to the threads of
 * all its alerts, so that each later mail about one of them joins it.
 */
export const emailMessage = (
  notification: Notification,
  { from, to, context }: { from: string; to: readonly string[]; context: MessageContext },
) => {
  const { id, alert, occasion, created_at, others = [] } = notification;
  const domain = addressOf(from).split("@")[1] ?? "localhost";
  const threads = [notification, ...others]
    .flatMap(({ threads, alert }) => threads ?? [alert.id])
    .map((thread) => `<${thread}@${domain}>`);
  const [first = ""] = threads;
  const isOwn = first === `<${alert.id}@${domain}>`;
  const isFirst = others.length === 0 && isOwn && (occasion === "fired" || occasion === "test");
  const message = describe(notification, context);
  return {
    from,
    to: [...to],
    subject: oneLine(message.title).slice(0, longestSubject),
    date: new Date(created_at),
    messageId: isFirst ? first : `<${id}${others.length === 0 ? "" : ".group"}@${domain}>`,
    ...(isFirst ? {} : { inReplyTo: first, references: threads.slice(0, mostReferences) }),
    // Suppresses automatic replies (RFC 3834).
    headers: { "Auto-Submitted": "auto-generated" },
    text: mailText(message),
    html: mailHtml(message),
  };
};

/** A line break in a subject would begin another header. */
const oneLine = (text: string): string => text.replaceAll(/\s+/g, " ").trim();
