import { styleText } from "node:util";

/** Prints a result on stdout. */
export const print = (text: string): void => {
  process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
};

/** One JSON document on stdout. */
export const printJson = (value: unknown): void => print(JSON.stringify(value, null, 2));

/** Prints progress on stderr. */
export const printStatus = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

export const bold = (text: string) => paint("bold", text);
export const green = (text: string) => paint("green", text);
export const red = (text: string) => paint("red", text);
export const yellow = (text: string) => paint("yellow", text);
export const dim = (text: string) => paint("dim", text);

const paint = (format: "bold" | "green" | "red" | "yellow" | "dim", text: string): string =>
  process.env.NO_COLOR || !process.stdout.isTTY ? text : styleText(format, text);

// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape sequences of colours begin with one
const width = (text: string) => text.replace(/\u001b\[\d+m/g, "").length;

/** Rows in aligned columns under a heading; the last column may be of any length. */
export const table = (heading: readonly string[], rows: readonly (readonly string[])[]): string => {
  const lines = [heading.map(bold), ...rows];
  const widths = heading.map((_, column) => Math.max(...lines.map((line) => width(line[column] ?? ""))));
  const pad = (text: string, column: number) => text + " ".repeat((widths[column] ?? 0) - width(text));
  return lines.map((line) => line.map(pad).join("  ").trimEnd()).join("\n");
};

/** `12,34,567` in Indian grouping. By hand: Intl takes 20 ms to load, more than a whole table takes. */
export const number = (value: number): string => {
  const [whole = "", fraction] = String(value).split(".");
  const grouped = whole.replace(/\B(?=(\d{2})*\d{3}$)/g, ",");
  return fraction === undefined ? grouped : `${grouped}.${fraction.slice(0, 3)}`;
};

/** Milliseconds in a readable unit. */
export const duration = (ms: number): string => {
  if (ms < 1_000) return `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const minutes = Math.round(ms / 60_000);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.round(ms / 3_600_000);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
};

/** Bytes in a readable unit. */
export const bytes = (count: number): string => {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(count, 1)) / 3));
  return `${(count / 1_000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
};
