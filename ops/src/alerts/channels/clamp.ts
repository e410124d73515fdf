/** The three characters that mean something in the markup of Slack and Telegram: without this, an error could mention. */
export const escapeMarkup = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** At most `longest` characters. Cuts through neither a pair of code units nor an escaped character. */
export const clamp = (text: string, longest: number): string =>
  text.length > longest
    ? `${text.slice(0, longest - 1).replace(/[\ud800-\udbff]$|&[a-z]{0,3}$/, "")}…`
    : text;
