import type { Message } from "../message/message.ts";

const colours: Record<Message["tone"], string> = {
  critical: "#b00020",
  error: "#a82c08",
  warning: "#8f6700",
  resolved: "#1c7a3f",
  test: "#5b6472",
};

/** The plain text of a mail. */
export const mailText = (message: Message): string => {
  const { label, service, statement, time, advice, facts, others, links, footer } = message;
  const paragraphs = [
    [`${label} · ${service} · ${time}`],
    [statement, ...others.map((other) => `- ${other}`)],
    advice ? [advice.impact, `What to do: ${advice.action}`] : [],
    facts.map(([name, value]) => `${name}: ${value}`),
    links.map(({ label, url }) => `${label}: ${url}`),
    [footer],
  ];
  return `${paragraphs
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
};

/** The HTML of a mail: one column that fits a phone, with inline styles, because mail clients drop others. */
export const mailHtml = (message: Message): string => {
  const { label, tone, service, statement, time, advice, facts, others, links, footer } = message;
  const colour = colours[tone];
  const parts = [
    `<p style="margin:0 0 8px;font-size:14px"><strong style="color:${colour}">${escaped(label)}</strong> · ${escaped(service)} · ${escaped(time)}</p>`,
    `<p style="margin:0 0 12px;font-size:18px;line-height:1.4">${escaped(statement)}</p>`,
    list(others),
    advice ? paragraph(escaped(advice.impact)) : "",
    advice ? paragraph(`<strong>What to do:</strong> ${escaped(advice.action)}`) : "",
    links.length === 0 ? "" : `<p style="margin:0 0 12px">${links.map(button).join(" ")}</p>`,
    table(facts),
    `<p style="margin:0;font-size:12px;color:#5b6472;word-break:break-word">${escaped(footer)}</p>`,
  ];
  return `<div style="max-width:600px;font-family:-apple-system,'Segoe UI',Roboto,sans-serif;font-size:15px;line-height:1.5;border-left:4px solid ${colour};padding:4px 0 4px 16px">
${parts.filter((part) => part !== "").join("\n")}
</div>
`;
};

const paragraph = (html: string): string => `<p style="margin:0 0 12px">${html}</p>`;

const list = (others: readonly string[]): string =>
  others.length === 0
    ? ""
    : `<ul style="margin:0 0 12px;padding-left:20px">${others.map((other) => `<li>${escaped(other)}</li>`).join("")}</ul>`;

const button = ({ label, url }: Message["links"][number]): string =>
  `<a href="${escaped(url)}" style="display:inline-block;margin:0 4px 4px 0;padding:10px 16px;border:1px solid #8a8271;border-radius:3px;color:#0b4fb3;text-decoration:none">${escaped(label)}</a>`;

const table = (facts: Message["facts"]): string => {
  if (facts.length === 0) return "";
  const rows = facts.map(
    ([name, value]) =>
      `<tr><td style="padding:3px 16px 3px 0;color:#5b6472;vertical-align:top">${escaped(name)}</td><td style="padding:3px 0;word-break:break-word">${escaped(value)}</td></tr>`,
  );
  return `<table style="border-collapse:collapse;font-size:14px;margin:0 0 12px">${rows.join("")}</table>`;
};

const escaped = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
