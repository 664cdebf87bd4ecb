import type { Schemas } from "../../api/client";
import { fileOf, save } from "../../api/export";
import type { ExportForm } from "../../api/parts";

type Invitee = Schemas["Referral"];

const COLUMNS = [
  "uid",
  "origin",
  "code",
  "boundAt",
  "firstTradeTime",
  "lastTradeTime",
  "status",
  "feesUsd",
  "commissionUsd",
  "sharedUsd",
  "volumeUsd",
] as const;

function row(invitee: Invitee): Record<(typeof COLUMNS)[number], string | null> {
  const { fees, commission, shared, volume } = invitee.totals.usd;
  const { uid, origin, code, boundAt, firstTradeTime, lastTradeTime, status } = invitee;
  const figures = {
    feesUsd: fees,
    commissionUsd: commission,
    sharedUsd: shared,
    volumeUsd: volume,
  };
  return { uid, origin, code, boundAt, firstTradeTime, lastTradeTime, status, ...figures };
}

/** The list as it is on the screen: the same filters, the same order, all pages. */
export function textOf(form: ExportForm, invitees: Invitee[]): string {
  const rows = invitees.map(row);
  if (form === "ndjson") return rows.map((it) => `${JSON.stringify(it)}\n`).join("");
  // None of these values can hold a comma, a quote or a line break.
  const lines = rows.map((it) => COLUMNS.map((column) => it[column] ?? "").join(","));
  return [COLUMNS.join(","), ...lines].map((line) => `${line}\n`).join("");
}

export function saveInvitees(form: ExportForm, invitees: Invitee[], day: string) {
  save(`invitees_${day}.${form}`, fileOf(form, textOf(form, invitees)));
}
