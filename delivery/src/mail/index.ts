export { MailSender } from "./mail-sender.ts";
export { type Mail, queueMail } from "./outbox.ts";
