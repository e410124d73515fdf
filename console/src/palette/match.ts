/**
 * How well a text matches what was typed: every word must occur, as a part of the text or as its letters in order.
 * Higher is better; undefined for no match. An empty query matches everything, short texts first.
 */
export const matchScore = (query: string, text: string): number | undefined => {
  const lower = text.toLowerCase();
  const typed = query.trim().toLowerCase();
  // What the text begins with counts twice.
  let score = (lower.startsWith(typed) ? typed.length * 4 : 0) - text.length / 1_000;
  for (const word of typed.split(/\s+/).filter(Boolean)) {
    const found = partScore(word, lower) ?? lettersScore(word, lower);
    if (found === undefined) return undefined;
    score += found;
  }
  return score;
};

const startsWord = (text: string, at: number): boolean => at === 0 || !/[a-z0-9]/.test(text[at - 1] ?? "");

/** Four points a letter at the start of a word, two elsewhere. */
const partScore = (word: string, text: string): number | undefined => {
  let points: number | undefined;
  for (let at = text.indexOf(word); at !== -1; at = text.indexOf(word, at + 1)) {
    if (startsWord(text, at)) return word.length * 4;
    points = word.length * 2;
  }
  return points;
};

/** One point a letter at the start of a word, half a point elsewhere. */
const lettersScore = (word: string, text: string): number | undefined => {
  let at = -1;
  let points = 0;
  for (const letter of word) {
    at = text.indexOf(letter, at + 1);
    if (at === -1) return undefined;
    points += startsWord(text, at) ? 1 : 0.5;
  }
  return points;
};
