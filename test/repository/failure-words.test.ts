// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these strings are source text
import { expect, test } from "vitest";
import { argumentsAt, literalsOf } from "../../scripts/docs/source-text.ts";

const constants = new Map([["advice", '"Try again."']]);

test.each([
  ['"plain, with a comma"', ["plain, with a comma"]],
  ["`Step ${step} needs ${list(missing)}.`", ["Step {step} needs {missing}."]],
  ['`It ${many.length === 1 ? "is" : "are"} gone.`', ["It is/are gone."]],
  ["`Since ${at.toISOString()}, by ${a.b.name}`", ["Since {at}, by {name}"]],
  ["`one ${`two ${three}`} four`", ["one {two} four"]],
  ['known ? `There is ${it}.` : "There is none."', ["There is {it}.", "There is none."]],
  ["advice", ["Try again."]],
  ["chosenByCaller", ["{chosenByCaller}"]],
])("the words of %s are %j", (expression, words) => {
  expect(literalsOf(expression, constants)).toEqual(words);
});

test("arguments are told apart, whatever they hold", () => {
  const source = 'new Failure("A", 400, `a, ${f("b, )", { c: [1, 2] })}`, undefined, { cause })';
  expect(argumentsAt(source, "new Failure(".length).values).toEqual([
    '"A"',
    "400",
    '`a, ${f("b, )", { c: [1, 2] })}`',
    "undefined",
    "{ cause }",
  ]);
});
