const units = ["B", "kB", "MB", "GB", "TB"];

/** Bytes in a readable unit. */
export const bytes = (count: number): string => {
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(count, 1)) / 3)));
  return `${Number((count / 1_000 ** power).toFixed(1))} ${units[power]}`;
};

/** A time span in the largest unit that fits. */
export const span = (ms: number): string => {
  const seconds = Math.round(ms / 1_000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
};

/** The first names of a list, and how many there are besides. */
export const few = (names: readonly string[], shown = 5): string =>
  names.length > shown
    ? `${names.slice(0, shown).join(", ")} and ${names.length - shown} more`
    : names.join(", ");
