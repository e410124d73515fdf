import { secretSettings, settingsReference } from "../../ops/src/settings/settings.ts";
import { markdownTable } from "./marked-part.ts";

/** A row for each setting. */
export const settingsTable = (): string => {
  const secrets: readonly string[] = secretSettings;
  const rows = settingsReference().map(({ name, description, fallback }) => [
    `\`${name}\`${secrets.includes(name) ? ` or \`${name}_FILE\`` : ""}`,
    fallback === "" ? "" : `\`${fallback}\``,
    description,
  ]);
  return markdownTable(["setting", "default", "description"], rows);
};
