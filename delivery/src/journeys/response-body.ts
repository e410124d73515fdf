const fieldOf = (body: unknown, name: string): unknown =>
  typeof body === "object" && body !== null ? (body as Record<string, unknown>)[name] : undefined;

/** A list in a response. Throws if it is none. */
export const listOf = (body: unknown, name: string): Record<string, unknown>[] => {
  const list = fieldOf(body, name);
  if (!Array.isArray(list)) throw new Error(`${name} is no list`);
  return list;
};

export const lengthOf = (body: unknown, name: string): number => listOf(body, name).length;

/** A number in a response that is not negative. Throws if it is none. */
export const numberOf = (body: unknown, name: string): number => {
  const value = fieldOf(body, name);
  if (typeof value !== "number" || value < 0) throw new Error(`${name} is ${JSON.stringify(value)}`);
  return value;
};
