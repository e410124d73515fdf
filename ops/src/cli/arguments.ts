import { InvalidArgumentError } from "commander";

/** Reads an option that counts something. */
export const positiveInteger = (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError("It must be a whole number above 0.");
  return value;
};
