import { InvalidArgumentError } from "commander";

/** Reads an option that counts something. */
export const positiveInteger = (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError("It must be a whole number above 0.");
  return value;
};

/** Reads an option that names a database. */
export const postgresAddress = (text: string): URL => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^postgres(ql)?:$/.test(url.protocol))
    throw new InvalidArgumentError("It must look like postgres://user:password@host:5432/database.");
  return url;
};
