import { expect, test } from "vitest";
import { joined, nextPart, rowsIn } from "./parts";

test("the next part is told by the link header", () => {
  expect(nextPart('</v1/x?cursor=a>; rel="next"')).toBe("/v1/x?cursor=a");
  expect(nextPart('</v1/x>; rel="prev"')).toBeNull();
  expect(nextPart(null)).toBeNull();
});

test("of several parts of CSV only the first keeps its header", () => {
  expect(joined("csv", ["a,b\n1,2\n", "a,b\n3,4\n"])).toBe("a,b\n1,2\n3,4\n");
  expect(joined("ndjson", ["{}\n", "{}\n"])).toBe("{}\n{}\n");
});

test("rows are counted without the header and without breaks in quotes", () => {
  expect(rowsIn("csv", 'a,b\n1,"two\nlines"\n3,4\n')).toBe(2);
  expect(rowsIn("csv", "a,b\n")).toBe(0);
  expect(rowsIn("ndjson", "{}\n{}\n")).toBe(2);
});
