/** The arguments of a call as they stand in the source, and where its closing parenthesis ends. */
export interface Call {
  values: string[];
  end: number;
}

/** Where a string or template that begins at `start` ends (after its closing quote). */
const endOfString = (source: string, start: number): number => {
  const quote = source[start];
  for (let at = start + 1; at < source.length; at++) {
    if (source[at] === "\\") at++;
    else if (source[at] === quote) return at + 1;
    else if (quote === "`" && source.startsWith("${", at)) at = endOfBraces(source, at + 1) - 1;
  }
  throw new Error(`a string that begins at ${start} has no end`);
};

const endOfBraces = (source: string, start: number): number => {
  let depth = 0;
  for (let at = start; at < source.length; at++) {
    if (isQuote(source[at])) at = endOfString(source, at) - 1;
    else if (source[at] === "{") depth++;
    else if (source[at] === "}" && --depth === 0) return at + 1;
  }
  throw new Error(`a brace that opens at ${start} is never closed`);
};

const isQuote = (character: string | undefined) =>
  character === '"' || character === "'" || character === "`";

/** Splits the arguments of a call whose opening parenthesis ends at `start`. */
export const argumentsAt = (source: string, start: number): Call => {
  const values: string[] = [];
  let depth = 0;
  let from = start;
  for (let at = start; at < source.length; at++) {
    const character = source[at] ?? "";
    if (isQuote(character)) at = endOfString(source, at) - 1;
    else if (source.startsWith("//", at))
      throw new Error("a comment stands among the arguments: move it above");
    else if ("([{".includes(character)) depth++;
    else if (depth > 0 && ")]}".includes(character)) depth--;
    else if (depth === 0 && (character === "," || character === ")")) {
      const value = source.slice(from, at).trim();
      if (value) values.push(value);
      if (character === ")") return { values, end: at + 1 };
      from = at + 1;
    }
  }
  throw new Error(`a call that opens at ${start} is never closed`);
};

/** Sentences that a file keeps in constants of their own. */
export const constantsOf = (source: string): ReadonlyMap<string, string> =>
  new Map(
    [...source.matchAll(/^(?:export )?const (\w+) =\s*("(?:[^"\\]|\\.)*");$/gm)].map(
      ([, name = "", literal = ""]) => [name, literal],
    ),
  );

/**
 * The texts that an expression may stand for: of a string its content, of a template its content with
 * placeholders, of a choice both sides, of a constant its value, of a parameter its name in braces.
 */
export const literalsOf = (expression: string, constants: ReadonlyMap<string, string>): string[] => {
  const text = expression.trim();
  const choice = splitChoice(text);
  if (choice) return choice.flatMap((side) => literalsOf(side, constants));
  if (text.startsWith("`")) return [withPlaceholders(text.slice(1, -1))];
  if (isQuote(text[0])) return [plainText(text.slice(1, -1))];
  const constant = constants.get(text);
  return constant === undefined ? [placeholder(text)] : literalsOf(constant, constants);
};

/** The two sides of `condition ? one : other` at the top level; undefined for anything else. */
const splitChoice = (text: string): [string, string] | undefined => {
  const question = topLevel(text, "?", 0);
  if (question < 0) return undefined;
  const colon = topLevel(text, ":", question + 1);
  return colon < 0 ? undefined : [text.slice(question + 1, colon), text.slice(colon + 1)];
};

const topLevel = (text: string, wanted: string, from: number): number => {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const character = text[at] ?? "";
    if (isQuote(character)) at = endOfString(text, at) - 1;
    else if ("([{".includes(character)) depth++;
    else if (")]}".includes(character)) depth--;
    else if (wanted === "?" && /^(\?\?|\?\.)/.test(text.slice(at))) at++;
    else if (depth === 0 && character === wanted) return at;
  }
  return -1;
};

const withPlaceholders = (template: string): string => {
  let text = "";
  for (let at = 0; at < template.length; at++) {
    if (template.startsWith("${", at)) {
      const end = endOfBraces(template, at + 1);
      text += placeholder(template.slice(at + 2, end - 1));
      at = end - 1;
    } else text += template[at];
  }
  return plainText(text);
};

const globals = new Set(["Math", "JSON", "String", "Number", "Error", "Object", "instanceof"]);

/** `{name}` for a value; of a choice between two words both, so that the sentence can be read. */
const placeholder = (expression: string): string => {
  const words = splitChoice(expression)?.map((side) => side.trim());
  if (words?.every((word) => /^"[^"]*"$/.test(word))) return words.map((word) => word.slice(1, -1)).join("/");
  const names = [...expression.matchAll(/(?<![.\w"])([a-z_]\w*(?:\.\w+)*)(?!\w*\()/gi)]
    .map(([, path = ""]) => path)
    .filter((path) => !globals.has(path.split(".")[0] ?? ""))
    .map((path) => path.replace(/\.(length|map|message|join|filter|replace|toISOString)\b.*$/, ""));
  return `{${names[0]?.split(".").at(-1) ?? "value"}}`;
};

/** A literal as the reader sees it, on one line. */
const plainText = (text: string): string =>
  text
    .replaceAll("\\n", " ")
    .replaceAll(/\\(["'`\\$])/g, "$1")
    .replaceAll(/\s+/g, " ")
    .trim();
