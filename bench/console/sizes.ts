import { consoleSizes } from "../../test/support/console-sizes.ts";
import { printTable } from "../figures.ts";

const kb = (bytes: number): string => `${(bytes / 1_000).toFixed(1)} KB`;

export const printSizes = (): void => {
  const { firstLoad, styles, fonts, largestChunk } = consoleSizes();
  printTable(
    ["size", "measured", "goal"],
    [
      ["scripts of the first load, gzip", kb(firstLoad), "at most 130 KB"],
      [
        `largest script of a page, gzip (${largestChunk.name.split("-")[0]})`,
        kb(largestChunk.bytes),
        "at most 25 KB",
      ],
      ["styles of the first load, gzip", kb(styles), ""],
      ["fonts", kb(fonts), "at most 90 KB"],
    ],
  );
};
