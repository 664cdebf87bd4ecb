import type { Schemas } from "../../api/client";
import { compare, decimals, multiply, sum, truncate } from "../../format/decimal";

type Line = Schemas["Line"];

/** How a line comes from its fees, step by step. */
export interface Steps {
  /** Fees × rate, not rounded. */
  product: string;
  /** What is left after rounding down: the inviter's and the invitee's part together. */
  total: string;
  rounded: boolean;
  decimals: number;
}

/**
 * The steps, if the line is just that. A line of a correction is the difference of two such lines,
 * each rounded by itself, so that its own fees times its rate may differ in the last digit.
 */
export function stepsOf(line: Line): Steps | null {
  const scale = decimals(line.fees);
  const product = multiply(line.fees, line.rate);
  const total = truncate(product, scale);
  if (compare(total, sum([line.commission, line.shared])) !== 0) return null;
  return { product, total, rounded: compare(product, total) !== 0, decimals: scale };
}
