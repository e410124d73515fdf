import { BaseSequencer, type TestSpecification } from "vitest/node";

/** What takes longest, and would else keep one processor busy at the end while the others have nothing to do. */
const long = [
  "test/rollback/random/",
  "test/rollback/crash/",
  "test/e2e/",
  "test/console/",
  "test/backups/",
  "ops/src/database/embedded/start",
];

/** Starts the files that take longest first: on a fresh checkout nothing else tells which these are. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const at = long.findIndex((part) => moduleId.includes(part));
      return at < 0 ? long.length : at;
    };
    const others = await super.sort(files);
    return others.toSorted((a, b) => rank(a) - rank(b));
  }
}
